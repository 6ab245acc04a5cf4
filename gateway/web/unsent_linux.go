package web

import (
	"net"

	"golang.org/x/sys/unix"
)

// maxUnsent is how much of an answer may wait in the kernel to be sent, bytes. Without it megabytes do, on a slow line for minutes, and
// a live picture would be as late as they take: writes are to wait as soon as the line does not take more. It costs a fast line nothing,
// which has what is on the way beside it.
const maxUnsent = 32 << 10

// boundUnsent sets TCP_NOTSENT_LOWAT (tcp(7)).
func boundUnsent(conn net.Conn) {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, maxUnsent) // where it cannot be, pictures are late on slow lines
	})
}
