package live

import (
	"encoding/binary"
	"errors"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// canSegment tells whether the kernel can cut one write into packets (UDP_SEGMENT, Linux 4.18, see udp(7)). That it
// really does on the interface in use shows with the first write.
const canSegment = true

func newSegmentControl() []byte {
	control := make([]byte, unix.CmsgSpace(2))
	head := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
	head.Level, head.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	head.SetLen(unix.CmsgLen(2))
	return control
}

// segmentControl sets the packet length in a control message.
func segmentControl(control []byte, segment int) []byte {
	binary.NativeEndian.PutUint16(control[unix.CmsgLen(0):], uint16(segment))
	return control
}

// segmentingFails tells the errors of a kernel or driver that does not segment from those of the network. EIO is a
// driver without checksum offload.
func segmentingFails(err error) bool {
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EOPNOTSUPP) ||
		errors.Is(err, syscall.ENOPROTOOPT) || errors.Is(err, syscall.EMSGSIZE)
}
