//go:build !linux

package web

import "net"

func boundUnsent(net.Conn) {}
