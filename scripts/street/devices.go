package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"holdfast/gateway/simcam"
	"holdfast/onvif/onviftest"
)

// allKinds are what devices are, in turn, where nothing else is asked for.
var allKinds = []onviftest.Kind{onviftest.Fixed, onviftest.PTZ, onviftest.BiSpectrum, onviftest.Encoder, onviftest.ProfileT}

// strangerPassword is that of devices of somebody else.
const strangerPassword = "somebody else's"

// placed is where a device is and how one gets in.
type placed struct {
	Address  string `json:"address"`
	Name     string `json:"name"`
	Username string `json:"username"`
	Password string `json:"password"`
}

// runDevices plays whole ONVIF devices, which discovery finds, until ctx ends. The last of them are strangers: they have another password. Lively ones tell what they see.
func runDevices(ctx context.Context, count, strangers int, lively bool, kinds []onviftest.Kind) error {
	var devices errgroup.Group
	list := make([]placed, count)
	for i := range list {
		o := simcam.Options{Kind: kinds[i%len(kinds)], Name: fmt.Sprintf("Street %d", i+1), Lively: lively}
		if i >= count-strangers {
			o.Username, o.Password = simcam.DefaultUsername, strangerPassword
		}
		c, err := simcam.New(o)
		if err != nil {
			return err
		}
		list[i] = placed{c.ONVIF(), c.Name(), c.Username(), c.Password()}
		devices.Go(func() error { return c.Run(ctx) })
	}
	if err := json.NewEncoder(os.Stdout).Encode(list); err != nil {
		return err
	}
	return devices.Wait()
}

// kindsOf reads a list of kinds; an empty one is all.
func kindsOf(list string) []onviftest.Kind {
	if list == "" {
		return allKinds
	}
	var kinds []onviftest.Kind
	for k := range strings.SplitSeq(list, ",") {
		kinds = append(kinds, onviftest.Kind(k))
	}
	return kinds
}
