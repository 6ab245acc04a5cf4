package gateway

import (
	"strings"
	"time"

	"holdfast/onvif"
)

// maxPins bounds the inputs and relays of a camera whose states are kept.
const maxPins = 128

// pin is how an input or a relay is, as the camera told it last.
type pin struct {
	active bool
	at     time.Time
}

// The topics by which devices tell how inputs and relays are (DeviceIO specification, section 5.12), and the items that name which.
const (
	inputTopic = "Device/Trigger/DigitalInput"
	relayTopic = "Device/Trigger/Relay"
)

// pins keeps what a notification says of an input or a relay.
func (s *steering) pins(n *onvif.Notification) {
	item := map[string]string{inputTopic: "InputToken", relayTopic: "RelayToken"}[n.Topic]
	token := ""
	if item != "" {
		token = n.Get(item)
	}
	if token == "" {
		return
	}
	active := false
	switch strings.ToLower(n.Get("LogicalState")) {
	case "true", "1", "active":
		active = true
	case "false", "0", "inactive":
	default:
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.told[n.Topic+"\x00"+token]; known || len(s.told) < maxPins {
		s.told[n.Topic+"\x00"+token] = pin{active, n.At.UTC()}
	}
}

// pin gives how an input or a relay was told to be last. What is about no video source is told to the first of a device's cameras, and
// good for all.
func (c *Camera) pin(topic, token string) (newest pin, known bool) {
	for _, x := range c.unit.siblings() {
		x.steering.mu.Lock()
		p, there := x.steering.told[topic+"\x00"+token]
		x.steering.mu.Unlock()
		if there && (!known || p.at.After(newest.at)) {
			newest, known = p, true
		}
	}
	return newest, known
}
