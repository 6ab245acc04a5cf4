package web

import "context"

func (c *cameras) Card(_ context.Context, id string) (Card, error) {
	if _, ok := c.Camera(id); !ok {
		return Card{}, ErrNotFound
	}
	return Card{State: "idle", Recordings: []CardRecording{{Token: "card"}}}, nil
}

func (c *cameras) FillFromCard(id string) (Card, error) { return c.Card(context.Background(), id) }

func (c *cameras) StopFill(id string) (Card, error) { return c.Card(context.Background(), id) }
