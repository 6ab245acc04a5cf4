//go:build linux

package egress

import "golang.org/x/sys/unix"

const (
	ownArch      = unix.AUDIT_ARCH_X86_64
	foreignCalls = 0x40000000 // numbers from here on are of the x32 convention
)
