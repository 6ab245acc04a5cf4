// Command discard reads RTSP streams with the library that Holdfast uses, and nothing else: every packet is received,
// parsed and thrown away. It is what recording is measured against.
//
//	discard URL...
//
// It reads until it is killed, and ends with an error when a stream does.
package main

import (
	"fmt"
	"os"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtp"
)

func main() {
	ended := make(chan error)
	for _, u := range os.Args[1:] {
		go func() { ended <- read(u) }()
	}
	fmt.Fprintln(os.Stderr, "discard:", <-ended)
	os.Exit(1)
}

func read(address string) error {
	u, err := base.ParseURL(address)
	if err != nil {
		return err
	}
	tcp := gortsplib.TransportTCP
	c := gortsplib.Client{Transport: &tcp, Scheme: u.Scheme, Host: u.Host}
	if err := c.Start2(); err != nil {
		return err
	}
	defer c.Close()
	desc, _, err := c.Describe(u)
	if err != nil {
		return err
	}
	if err := c.SetupAll(desc.BaseURL, desc.Medias); err != nil {
		return err
	}
	c.OnPacketRTPAny(func(*description.Media, format.Format, *rtp.Packet) {})
	if _, err := c.Play(nil); err != nil {
		return err
	}
	return c.Wait()
}
