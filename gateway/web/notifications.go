package web

import (
	"net/http"
	"strconv"
	"time"
)

// OwnSource begins the source of an event that a camera reported itself, as the store keeps it: topic, a semicolon, and what saw it
// follow.
const OwnSource = "onvif:"

// CameraReports is how it is with what a camera's device reports.
type CameraReports struct {
	State         string     `json:"state" enum:"off,none,subscribing,subscribed,waiting,refused,unauthorized" doc:"none: the camera has no events. refused: it has as many subscriptions as it takes."`
	Since         time.Time  `json:"since" doc:"Since when the state is so."`
	Delivery      string     `json:"delivery" enum:",pull-point,base-notification" doc:"How its events come: it is asked for them, or it connects to the gateway."`
	Detail        string     `json:"detail" people:"read" doc:"One plain sentence."`
	Hint          string     `json:"hint" people:"read" doc:"What to do."`
	RetryAt       *time.Time `json:"retry_at" doc:"When it is tried again."`
	Notifications uint64     `json:"notifications" doc:"What it has reported since the gateway started, the present states among it."`
	Streamed      uint64     `json:"streamed,omitempty" doc:"How many of those came in the metadata track of its stream alone, or first."`
	Merged        uint64     `json:"merged" doc:"Events that became part of one that lasts, because they came faster than events are kept."`
}

// CameraNotification is one message of a camera's device.
type CameraNotification struct {
	Seq       uint64             `json:"seq" doc:"Its number, since the gateway started."`
	At        time.Time          `json:"at" doc:"When it was, by the gateway's clock."`
	Kind      string             `json:"kind" doc:"What it counts as."`
	Topic     string             `json:"topic" doc:"The ONVIF topic, without prefixes."`
	Operation string             `json:"operation" enum:",Initialized,Changed,Deleted" doc:"Initialized: a state that is so. Empty: no state."`
	Source    string             `json:"source" doc:"The rule, input or field that saw it."`
	Items     []NotificationItem `json:"items"`
}

// NotificationItem is a name with a value, as the device spells both.
type NotificationItem struct {
	Part  string `json:"part" enum:"source,key,data"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

var paramAfter = param{"after", "query", false, "integer", "Only those with a greater number."}

func (s *Server) getNotifications(w http.ResponseWriter, r *request) error {
	q, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	var after uint64
	if text := q.Get("after"); text != "" {
		if after, err = strconv.ParseUint(text, 10, 64); err != nil {
			return field(kindRequest.with("It is no number."), "after")
		}
	}
	c, err := s.camera(r)
	if err != nil {
		return err
	}
	list, err := s.o.Cameras.Notifications(c.ID, after)
	if err != nil {
		return err
	}
	return reply(w, http.StatusOK, list)
}
