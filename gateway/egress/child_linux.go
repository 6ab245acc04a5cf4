//go:build linux && (amd64 || arm64 || arm)

package egress

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// refusedCalls are the system calls by which a program comes to a network, or into the process that started it. io_uring opens
// sockets without them.
var refusedCalls = []uint32{unix.SYS_SOCKET, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_IO_URING_SETUP,
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD}

// Offsets in struct seccomp_data, and what a filter answers (seccomp(2)).
const (
	dataCall, dataArch = 0, 4
	answerAllow        = 0x7fff0000
	answerKill         = 0x80000000 // the process
	answerRefuse       = 0x00050000 | uint32(unix.EPERM)
)

// confine restricts the calling thread and what it starts: it can gain no privilege, and the refused calls fail with EPERM.
// Calls by another convention of the same machine, whose numbers mean other things, end the program.
func confine() error {
	f := filter()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

func filter() []unix.SockFilter {
	const load, equal, atLeast, answer = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	f := []unix.SockFilter{
		{Code: load, K: dataArch},
		{Code: equal, K: ownArch, Jt: 1},
		{Code: answer, K: answerKill},
		{Code: load, K: dataCall},
		{Code: atLeast, K: foreignCalls, Jf: 1},
		{Code: answer, K: answerKill},
	}
	for _, call := range refusedCalls {
		f = append(f, unix.SockFilter{Code: equal, K: call, Jf: 1}, unix.SockFilter{Code: answer, K: answerRefuse})
	}
	return append(f, unix.SockFilter{Code: answer, K: answerAllow})
}
