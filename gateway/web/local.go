package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"holdfast/gateway/auth"
)

// ListenLocal makes the local socket at path, for its owner only. It takes the place of one that a process left behind:
// the caller makes sure that no other gateway runs. Closing it removes the file.
func ListenLocal(path string) (net.Listener, error) {
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("make local socket: %w", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: tmp, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("make local socket: %w", err)
	}
	l.SetUnlinkOnClose(false)
	// The name that people know appears only once nobody else may open it.
	if err := errors.Join(os.Chmod(tmp, 0o600), os.Rename(tmp, path)); err != nil {
		return nil, fmt.Errorf("make local socket: %w", errors.Join(err, l.Close()))
	}
	return &localSocket{UnixListener: l, path: path}, nil
}

type localSocket struct {
	*net.UnixListener
	path string
}

func (l *localSocket) Close() error {
	err := l.UnixListener.Close()
	if !errors.Is(err, net.ErrClosed) {
		os.Remove(l.path)
	}
	return err
}

// ServeLocal answers on the local socket until ctx ends. Whoever connects must be the user of this process, or root,
// by the kernel's word (SO_PEERCRED); they are the local administrator.
func (s *Server) ServeLocal(ctx context.Context, l net.Listener) error {
	srv := s.httpServer(ctx)
	srv.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, localKey{}, s.o.Auth.Local())
	}
	err := s.until(ctx, srv, func() error {
		return srv.Serve(newConnLimit().wrap(&vouched{Listener: l, uid: uint32(os.Getuid())})) // its own bound: strangers cannot shut it
	})
	return errors.Join(err, ctx.Err())
}

type localKey struct{}

// localIdentity is the identity of who asks through the local socket.
func localIdentity(r *http.Request) (auth.Identity, bool) {
	who, ok := r.Context().Value(localKey{}).(auth.Identity)
	return who, ok
}

// vouched is a listener that lets in only whom the kernel vouches for.
type vouched struct {
	net.Listener
	uid uint32
}

func (v *vouched) Accept() (net.Conn, error) {
	for {
		conn, err := v.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, err := peerUID(conn); err == nil && (uid == v.uid || uid == 0) {
			return conn, nil
		}
		conn.Close()
	}
}

// peerUID asks the kernel whose process is at the other end.
func peerUID(conn net.Conn) (uid uint32, err error) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return 0, errors.New("not a socket")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *unix.Ucred
	cerr := raw.Control(func(fd uintptr) { cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err = errors.Join(err, cerr); err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
