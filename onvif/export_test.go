package onvif

import (
	"context"
	"net/url"
	"time"

	"holdfast/onvif/internal/soap"
)

// SetLimits makes the client's limits short enough for a test. It must not come while something is asked that does not wait.
func (c *Client) SetLimits(call, slow, patience time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limits = limits{call: call, slow: slow, patience: patience}
}

// Pull asks for messages, as a subscription does.
func (c *Client) Pull(ctx context.Context, limit time.Duration) error {
	_, err := c.pullNode(ctx, limit)
	return err
}

func (c *Client) pullNode(ctx context.Context, limit time.Duration) (*soap.Node, error) {
	return c.do(ctx, request{to: c.device, doing: "wait for messages", limit: limit, apart: true,
		body: `<tev:PullMessages><tev:Timeout>PT60S</tev:Timeout><tev:MessageLimit>10</tev:MessageLimit></tev:PullMessages>`})
}

// Ask asks a service something and gives the answer as it was read.
func (c *Client) Ask(ctx context.Context, namespace, body string) (*soap.Node, error) {
	return c.ask(ctx, namespace, "ask", body)
}

// PictureAddresses gives where single pictures of a profile are.
func (c *Client) PictureAddresses(ctx context.Context, p *Profile) ([]*url.URL, error) {
	return c.snapshotURIs(ctx, p)
}

// AskProfiles gives the profiles of a device that does not say what services it has.
func (c *Client) AskProfiles(ctx context.Context) ([]Profile, error) { return c.profiles(ctx) }

// PullNode asks the device for messages and gives the answer.
func (c *Client) PullNode(ctx context.Context) (*soap.Node, error) {
	return c.pullNode(ctx, time.Minute)
}

// AskHere asks the device service something and gives the answer as it was read.
func (c *Client) AskHere(ctx context.Context, body string) (*soap.Node, error) {
	return c.do(ctx, request{to: c.device, doing: "ask", body: body})
}
