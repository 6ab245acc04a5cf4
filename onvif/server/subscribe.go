package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

// eventRequest is a request to the event service.
type eventRequest struct {
	*Events
	server *Server
	ctx    context.Context
	from   string // host:port of who asks
	url    *url.URL
	root   *soap.Node // the envelope
	body   *soap.Node
}

// reply is an answer: the action that it is, and its body; or a fault with its detail.
type reply struct {
	action, body string
	fault        *fault
	detail       string
	html         bool // 404 and a page, as web servers in front of some devices answer
}

// eventOperations are those of the event service. All but GetEventProperties, Create and Subscribe are asked of a subscription.
var eventOperations map[string]func(*eventRequest) reply

func init() { // a composite literal would refer to itself through the methods
	eventOperations = map[string]func(*eventRequest) reply{
		"GetEventProperties":          (*eventRequest).getEventProperties,
		"CreatePullPointSubscription": (*eventRequest).createPullPointSubscription,
		"Subscribe":                   (*eventRequest).subscribeConsumer,
		"PullMessages":                (*eventRequest).pullMessages,
		"Renew":                       (*eventRequest).renewSubscription,
		"Unsubscribe":                 (*eventRequest).endSubscription,
		"SetSynchronizationPoint":     (*eventRequest).setSynchronizationPoint,
	}
}

// serveEvents answers what is asked of the event service; ok is false when it is asked of another.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request, root, body *soap.Node) (ok bool) {
	do, known := eventOperations[body.Name]
	if s.events == nil || !known || body.Space != soap.NSEvents && body.Space != soap.NSNotification {
		return false
	}
	if !s.gate.admits(r, root) {
		w.Header().Set("WWW-Authenticate", s.gate.challenge())
		s.refuse(w, http.StatusUnauthorized, notAuthorized)
		return true
	}
	a := do(&eventRequest{Events: s.events, server: s, ctx: r.Context(), from: r.RemoteAddr, url: r.URL, root: root, body: body})
	switch {
	case a.html:
		http.NotFound(w, r)
	case a.fault != nil:
		writeAnswer(w, http.StatusInternalServerError, "http://www.w3.org/2005/08/addressing/soap/fault", a.fault.xml(a.detail))
	default:
		writeAnswer(w, http.StatusOK, a.action, a.body)
	}
	return true
}

func writeAnswer(w http.ResponseWriter, status int, action, body string) {
	w.Header().Set("Content-Type", "application/soap+xml; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprint(w, soap.Envelope("<wsa:Action>"+action+"</wsa:Action>", body))
}

// xml is a fault's body.
func (f *fault) xml(detail string) string {
	if detail != "" {
		detail = "<s:Detail>" + detail + "</s:Detail>"
	}
	return "<s:Fault><s:Code><s:Value>" + f.code + "</s:Value><s:Subcode><s:Value>" + f.sub + `</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">` +
		f.reason + "</s:Text></s:Reason>" + detail + "</s:Fault>"
}

const (
	nsBaseFaults = "http://docs.oasis-open.org/wsrf/bf-2"
	nsResource   = "http://docs.oasis-open.org/wsrf/r-2"
	subscription = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/"
	pullPoint    = soap.NSEvents + "/PullPointSubscription/"
)

// baseFault is a refusal of WS-BaseNotification: a detail of a name in a namespace, with what stands behind the time.
func (a *eventRequest) baseFault(name, space, reason, more string) reply {
	return reply{fault: &fault{"s:Sender", "ter:InvalidArgVal", "", reason}, detail: fmt.Sprintf(`<f:%s xmlns:f="%s" xmlns:bf="%s"><bf:Timestamp>%s</bf:Timestamp>%s</f:%s>`,
		name, space, nsBaseFaults, soap.FormatTime(a.now()), more, name)}
}

func (a *eventRequest) badTime(name string) reply {
	return a.baseFault(name, soap.NSNotification, "The time of termination is not taken.", "<f:MinimumTime>"+soap.FormatTime(a.now())+"</f:MinimumTime>")
}

func (a *eventRequest) unknown() reply {
	if a.quirks().NotFound {
		return reply{html: true}
	}
	return a.baseFault("ResourceUnknownFault", nsResource, "There is no such subscription.", "")
}

func (a *eventRequest) createPullPointSubscription() reply {
	q := a.quirks()
	if q.NoPullPoint {
		return reply{fault: &notSupported}
	}
	said := a.body.Get("InitialTerminationTime")
	if q.NoTermination && said != "" {
		return a.badTime("UnacceptableInitialTerminationTimeFault")
	}
	s, refusal := a.newSubscription(said, "")
	if refusal != nil {
		return *refusal
	}
	return reply{action: soap.NSEvents + "/EventPortType/CreatePullPointSubscriptionResponse", body: "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>" +
		a.reference(s) + "</tev:SubscriptionReference>" + a.times(s.until) + "</tev:CreatePullPointSubscriptionResponse>"}
}

func (a *eventRequest) newSubscription(said, consumer string) (*subscriber, *reply) {
	topics, ok := a.topicsOf(a.body)
	if !ok {
		r := a.baseFault("InvalidFilterFault", soap.NSNotification, "The filter is not taken.", "<f:UnknownFilter>wsnt:TopicExpression</f:UnknownFilter>")
		return nil, &r
	}
	term, ok := a.terminationOf(said)
	if !ok {
		r := a.badTime("UnacceptableInitialTerminationTimeFault")
		return nil, &r
	}
	s, ok := a.subscribe(topics, term, consumer)
	if !ok {
		r := a.baseFault("SubscribeCreationFailedFault", soap.NSNotification, "There are as many subscriptions as this device takes.", "")
		return nil, &r
	}
	return s, nil
}

// reference is the endpoint of a subscription.
func (a *eventRequest) reference(s *subscriber) string {
	q := a.quirks()
	if q.Parameters == "" && !q.BareParameters {
		return "<wsa:Address>" + soap.Escape(a.server.address("subscription?Idx="+s.id)) + "</wsa:Address>"
	}
	return "<wsa:Address>" + a.server.address("event_service") + `</wsa:Address><wsa:ReferenceParameters><SubscriptionId xmlns="` + soap.Escape(q.Parameters) + `">` + s.id +
		"</SubscriptionId></wsa:ReferenceParameters>"
}

// times are those of an answer, by the device's clock.
func (a *eventRequest) times(until time.Time) string {
	return "<wsnt:CurrentTime>" + soap.FormatTime(a.now()) + "</wsnt:CurrentTime><wsnt:TerminationTime>" + soap.FormatTime(until) + "</wsnt:TerminationTime>"
}

// subscribeConsumer subscribes a consumer of base notification, who must be at the host that asks: else whoever may read media could
// have the device send to anybody.
func (a *eventRequest) subscribeConsumer() reply {
	to, err := url.Parse(a.body.Get("ConsumerReference", "Address"))
	host, _, _ := net.SplitHostPort(a.from)
	if err != nil || to.Scheme != "http" || to.Hostname() != host {
		return a.baseFault("SubscribeCreationFailedFault", soap.NSNotification, "The consumer is not at the host that subscribes.", "")
	}
	s, refusal := a.newSubscription(a.body.Get("InitialTerminationTime"), to.String())
	if refusal != nil {
		return *refusal
	}
	return reply{action: "http://docs.oasis-open.org/wsn/bw-2/NotificationProducer/SubscribeResponse", body: "<wsnt:SubscribeResponse><wsnt:SubscriptionReference>" + a.reference(s) +
		"</wsnt:SubscriptionReference>" + a.times(s.until) + "</wsnt:SubscribeResponse>"}
}

func (a *eventRequest) pullMessages() reply {
	q := a.quirks()
	s, ok := a.subscriptionOf(a.url, a.root)
	if !ok || s.consumer != "" {
		return a.unknown()
	}
	wait, err := soap.Duration(a.body.Get("Timeout"))
	limit := 0
	if _, bad := fmt.Sscan(a.body.Get("MessageLimit"), &limit); err != nil || bad != nil || limit < 1 || wait < 0 {
		return reply{fault: &fault{"s:Sender", "ter:InvalidArgVal", "", "Timeout or limit make no sense."}}
	}
	longest := maxPullWait
	if q.ShortPolls > 0 {
		longest = q.ShortPolls
	}
	if wait > longest {
		return reply{fault: &fault{"s:Sender", "ter:InvalidArgVal", "", "The timeout is too long."}, detail: fmt.Sprintf(
			"<tev:PullMessagesFaultResponse><tev:MaxTimeout>%s</tev:MaxTimeout><tev:MaxMessageLimit>%d</tev:MaxMessageLimit></tev:PullMessagesFaultResponse>", soap.FormatDuration(longest), maxPullCount)}
	}
	if q.AnswersAtOnce {
		wait = 0
	}
	list, until, ok := a.pull(a.ctx, s, wait, min(limit, maxPullCount))
	if !ok {
		return a.unknown()
	}
	return reply{action: pullPoint + "PullMessagesResponse", body: "<tev:PullMessagesResponse><tev:CurrentTime>" + soap.FormatTime(a.now()) + "</tev:CurrentTime><tev:TerminationTime>" +
		soap.FormatTime(until) + "</tev:TerminationTime>" + strings.Join(list, "") + "</tev:PullMessagesResponse>"}
}

func (a *eventRequest) renewSubscription() reply {
	if a.quirks().RefusesRenew {
		return reply{fault: &notSupported}
	}
	s, ok := a.subscriptionOf(a.url, a.root)
	if !ok {
		return a.unknown()
	}
	term, ok := a.terminationOf(a.body.Get("TerminationTime"))
	if !ok {
		return a.badTime("UnacceptableTerminationTimeFault")
	}
	until := a.renew(s, term)
	return reply{action: subscription + "RenewResponse", body: "<wsnt:RenewResponse><wsnt:TerminationTime>" + soap.FormatTime(until) + "</wsnt:TerminationTime><wsnt:CurrentTime>" +
		soap.FormatTime(a.now()) + "</wsnt:CurrentTime></wsnt:RenewResponse>"}
}

func (a *eventRequest) endSubscription() reply {
	s, ok := a.subscriptionOf(a.url, a.root)
	if !ok {
		return a.unknown()
	}
	a.unsubscribe(s)
	return reply{action: subscription + "UnsubscribeResponse", body: "<wsnt:UnsubscribeResponse/>"}
}

func (a *eventRequest) setSynchronizationPoint() reply {
	if a.quirks().RefusesSync {
		return reply{fault: &notSupported}
	}
	s, ok := a.subscriptionOf(a.url, a.root)
	if !ok {
		return a.unknown()
	}
	a.synchronise(s)
	return reply{action: pullPoint + "SetSynchronizationPointResponse", body: "<tev:SetSynchronizationPointResponse/>"}
}

// runEvents delivers to consumers of base notification until ctx ends. A message that a consumer does not take is lost, as the
// specification leaves it.
func (s *Server) runEvents(ctx context.Context) error {
	client := &http.Client{Timeout: consumerTime, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.events.wake:
		}
		for to, list := range s.events.consumers() {
			body := soap.Envelope("<wsa:Action>http://docs.oasis-open.org/wsn/bw-2/NotificationConsumer/Notify</wsa:Action>", "<wsnt:Notify>"+strings.Join(list, "")+"</wsnt:Notify>")
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(body))
			if err != nil {
				continue
			}
			req.Header.Set("Content-Type", "application/soap+xml; charset=utf-8")
			res, err := client.Do(req)
			if err != nil {
				s.o.Log.Debug("event not taken", "error", err)
				continue
			}
			res.Body.Close()
		}
	}
}
