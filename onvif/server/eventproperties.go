package server

import (
	"strconv"
	"strings"
	"time"

	"holdfast/onvif/internal/soap"
)

const topicDialect = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"

// eventCapabilities are those of the event service.
func (e *Events) eventCapabilities() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := strconv.Itoa(e.o.MaxPullPoints)
	return `<tev:Capabilities WSSubscriptionPolicySupport="false" WSPullPointSupport="` + yes(!e.o.Quirks.NoPullPoint) +
		`" WSPausableSubscriptionManagerInterfaceSupport="false" MaxNotificationProducers="` + n + `" MaxPullPoints="` + n + `" PersistentNotificationStorage="false"/>`
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// eventsOld is what GetCapabilities says of the event service.
func (s *Server) eventsOld() string {
	if s.events == nil {
		return ""
	}
	return "<tt:Events><tt:XAddr>" + s.address("event_service") + "</tt:XAddr><tt:WSSubscriptionPolicySupport>false</tt:WSSubscriptionPolicySupport><tt:WSPullPointSupport>" +
		yes(!s.events.quirks().NoPullPoint) + "</tt:WSPullPointSupport><tt:WSPausableSubscriptionManagerInterfaceSupport>false</tt:WSPausableSubscriptionManagerInterfaceSupport></tt:Events>"
}

// message is an event as a NotificationMessage.
func (v *Event) message(operation string) string {
	if v.Raw != "" {
		return v.Raw
	}
	if operation != "" {
		operation = ` PropertyOperation="` + operation + `"`
	}
	return `<wsnt:NotificationMessage><wsnt:Topic Dialect="` + topicDialect + `">tns1:` + soap.Escape(v.Topic) + `</wsnt:Topic><wsnt:Message><tt:Message UtcTime="` +
		v.At.UTC().Format(time.RFC3339Nano) + `"` + operation + ">" + items("Source", v.Source) + items("Data", v.Data) + "</tt:Message></wsnt:Message></wsnt:NotificationMessage>"
}

func items(part string, list []Item) string {
	var b strings.Builder
	b.WriteString("<tt:" + part + ">")
	for _, i := range list {
		b.WriteString(`<tt:SimpleItem Name="` + soap.Escape(i.Name) + `" Value="` + soap.Escape(i.Value) + `"/>`)
	}
	b.WriteString("</tt:" + part + ">")
	return b.String()
}

func (a *eventRequest) getEventProperties() reply {
	var b strings.Builder
	b.WriteString(`<tev:GetEventPropertiesResponse xmlns:wstop="http://docs.oasis-open.org/wsn/t-1" xmlns:xs="http://www.w3.org/2001/XMLSchema">` +
		"<tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation><wsnt:FixedTopicSet>true</wsnt:FixedTopicSet><wstop:TopicSet>")
	writeTopics(&b, a.topics(), 0)
	b.WriteString("</wstop:TopicSet><wsnt:TopicExpressionDialect>" + topicDialect + "</wsnt:TopicExpressionDialect>" +
		"<wsnt:TopicExpressionDialect>http://docs.oasis-open.org/wsn/t-1/TopicExpression/Concrete</wsnt:TopicExpressionDialect>" +
		"<tev:MessageContentFilterDialect>http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter</tev:MessageContentFilterDialect>" +
		"<tev:MessageContentSchemaLocation>http://www.onvif.org/onvif/ver10/schema/onvif.xsd</tev:MessageContentSchemaLocation></tev:GetEventPropertiesResponse>")
	return reply{action: soap.NSEvents + "/EventPortType/GetEventPropertiesResponse", body: b.String()}
}

// writeTopics writes sorted topics as a tree. Only the root has a prefix: clients trip over others.
func writeTopics(b *strings.Builder, list []EventTopic, depth int) {
	for i := 0; i < len(list); {
		parts := strings.Split(list[i].Topic, "/")
		n := i + 1
		for n < len(list) && samePart(list[n].Topic, parts[depth], depth) {
			n++
		}
		name := parts[depth]
		if depth == 0 {
			name = "tns1:" + name
		}
		leaf := depth == len(parts)-1
		b.WriteString("<" + name)
		if leaf {
			b.WriteString(` wstop:topic="true"`)
		}
		b.WriteString(">")
		rest := list[i:n]
		if leaf {
			describe(b, list[i])
			rest = list[i+1 : n]
		}
		writeTopics(b, rest, depth+1)
		b.WriteString("</" + name + ">")
		i = n
	}
}

func samePart(topic, part string, depth int) bool {
	parts := strings.Split(topic, "/")
	return depth < len(parts) && parts[depth] == part
}

func describe(b *strings.Builder, t EventTopic) {
	b.WriteString(`<tt:MessageDescription IsProperty="` + yes(t.Property) + `">`)
	for _, part := range []struct {
		name string
		list []ItemDescription
	}{{"Source", t.Source}, {"Data", t.Data}} {
		b.WriteString("<tt:" + part.name + ">")
		for _, i := range part.list {
			b.WriteString(`<tt:SimpleItemDescription Name="` + soap.Escape(i.Name) + `" Type="` + soap.Escape(i.Type) + `"/>`)
		}
		b.WriteString("</tt:" + part.name + ">")
	}
	b.WriteString("</tt:MessageDescription>")
}
