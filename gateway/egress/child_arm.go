//go:build linux

package egress

import "golang.org/x/sys/unix"

const (
	ownArch      = unix.AUDIT_ARCH_ARM
	foreignCalls = 0xffffffff // none
)
