package gateway

import (
	"context"
	"errors"

	"holdfast/gateway/web"
	"holdfast/onvif"
	"holdfast/rtsp"
)

// ErrNoDevice says that a camera was declared by its stream alone, so that there is no device to ask.
var ErrNoDevice = errors.New("this camera is reached by RTSP only: it is not known as an ONVIF device")

// client gives the device's ONVIF client. There is one for everybody and all cameras of the device, since it keeps what was
// learned of it: its clock, its services, how it takes credentials; and it asks one thing at a time.
func (c *Camera) client() (*onvif.Client, error) {
	c.unit.mu.Lock()
	defer c.unit.mu.Unlock()
	if c.unit.onvif != nil {
		return c.unit.onvif, nil
	}
	spec := c.spec()
	if spec.ONVIF == "" {
		return nil, ErrNoDevice
	}
	client, err := onvif.New(onvif.Options{Address: spec.ONVIF, Username: spec.Username, Password: spec.Password.Reveal(),
		Dial: c.way.DialContext, TLS: c.trust.tls("https"), Refused: c.refused, Log: c.log, Now: c.now})
	if err != nil {
		return nil, err
	}
	c.unit.onvif, c.unit.by = client, c
	return client, nil
}

// ask asks the device something, within the tries that its credentials have (see gate). While they wait because they were
// refused it does not wait with them: the answer is errRefused.
func (c *Camera) ask(ctx context.Context, question func(context.Context, *onvif.Client) error) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	waiting, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	leave, err := c.gate.enter(waiting, func() { stop(errRefused) })
	if err != nil {
		return context.Cause(waiting)
	}
	defer leave.release()
	err = question(ctx, client)
	switch {
	case classOf(err) == rtsp.Unauthorized:
		leave.refused()
	case err == nil, errors.Is(err, onvif.ErrForbidden): // it knows the account, which may not do this: no reason to wait with others
		leave.accepted()
	}
	return err
}

// askCamera asks the device of a camera something for the web, whose errors it gives.
func (g *Gateway) askCamera(ctx context.Context, id string, question func(context.Context, *onvif.Client) error) error {
	c, ok := g.camera(id)
	if !ok {
		return web.ErrNotFound
	}
	return deviceProblem(c.ask(ctx, question))
}

// deviceProblem gives what a device answered the form that the web shows.
func deviceProblem(err error) error {
	var oe *onvif.Error
	switch {
	case errors.Is(err, ErrNoDevice):
		return web.Refused("This camera is reached by RTSP only.", "Add it by its ONVIF address to see and change what it can do.")
	case errors.Is(err, errRefused):
		return web.Refused("The camera refused its user name or password, and is not asked again yet, so that its account is not locked.", errRefused.Hint)
	case errors.As(err, &oe):
		return web.Refused(oe.Error(), oe.Hint)
	}
	return err
}
