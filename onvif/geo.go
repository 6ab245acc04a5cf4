package onvif

import (
	"context"

	"holdfast/onvif/internal/soap"
	"holdfast/onvif/internal/tt"
)

// Locations lists where the device and its parts are and where they look. Errors: *Error, of class Refused where the device
// does not know.
func (c *Client) Locations(ctx context.Context) (list []Location, err error) {
	n, err := c.ask(ctx, soap.NSDevice, "ask where the camera is", "<tds:GetGeoLocation/>")
	if err != nil {
		return nil, err
	}
	for _, k := range n.All("Location") {
		if len(list) < maxPins {
			list = append(list, tt.ReadLocation(k))
		}
	}
	return list, nil
}

// SetLocation tells the device where an entity of it is, and gives what it made of it. Errors: *Error, *InvalidError.
func (c *Client) SetLocation(ctx context.Context, l Location) ([]Location, error) {
	if l.Location != nil {
		if err := l.Location.Check(); err != nil {
			return nil, err
		}
	}
	if _, err := c.ask(ctx, soap.NSDevice, "set where the camera is", "<tds:SetGeoLocation>"+l.XML("tds:Location")+"</tds:SetGeoLocation>"); err != nil {
		return nil, err
	}
	return c.Locations(ctx)
}

// DeleteLocation has the device forget where an entity of it is.
func (c *Client) DeleteLocation(ctx context.Context, l Location) error {
	only := Location{Entity: l.Entity, Token: l.Token}
	_, err := c.ask(ctx, soap.NSDevice, "forget where the camera is", "<tds:DeleteGeoLocation>"+only.XML("tds:Location")+"</tds:DeleteGeoLocation>")
	return err
}
