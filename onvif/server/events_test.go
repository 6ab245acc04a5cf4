package server_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"holdfast/onvif/onviftest"
	"holdfast/onvif/server"
)

// eventful is a device whose events are asked for, and what it has answered.
type eventful struct {
	t       *testing.T
	s       *server.Server
	at      string // address of the subscription
	answers []string
}

func (e *eventful) ask(to, body string) string {
	e.t.Helper()
	env := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:e="http://www.onvif.org/ver10/events/wsdl" xmlns:n="http://docs.oasis-open.org/wsn/b-2" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:d="http://www.onvif.org/ver10/device/wsdl"><s:Body>` + body + `</s:Body></s:Envelope>`
	res, err := http.Post(to, "application/soap+xml", strings.NewReader(env))
	if err != nil {
		e.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	e.answers = append(e.answers, string(b))
	return string(b)
}

var addressOf = regexp.MustCompile(`<wsa:Address>([^<]*)</wsa:Address>`)

// subscribe makes a pull point.
func (e *eventful) subscribe(more string) {
	e.t.Helper()
	m := addressOf.FindStringSubmatch(e.ask(e.s.XAddr(), "<e:CreatePullPointSubscription>"+more+"</e:CreatePullPointSubscription>"))
	if m == nil {
		e.t.Fatal(e.answers[len(e.answers)-1])
	}
	e.at = m[1]
}

func (e *eventful) wants(answer string, parts ...string) {
	e.t.Helper()
	for _, p := range parts {
		if !strings.Contains(answer, p) {
			e.t.Errorf("%q is not in\n%s", p, answer)
		}
	}
}

const pull = "<e:PullMessages><e:Timeout>PT1S</e:Timeout><e:MessageLimit>10</e:MessageLimit></e:PullMessages>"

// TestEventServiceAnswers asks everything of the event service, faults included, and checks every answer against the official
// schemas where they are there.
func TestEventServiceAnswers(t *testing.T) {
	t.Parallel()
	d, s := eventDevice(t, onviftest.Options{Kind: onviftest.Fixed, MaxPullPoints: 2})
	e := &eventful{t: t, s: s}
	e.wants(e.ask(s.XAddr(), "<e:GetServiceCapabilities/>"), `MaxPullPoints="2"`)
	e.wants(e.ask(s.XAddr(), "<e:GetEventProperties/>"), "<tns1:VideoSource>", "<MotionAlarm wstop:topic=", `Name="InputToken"`)
	e.ask(s.XAddr(), "<d:GetCapabilities/>")
	e.subscribe("<e:InitialTerminationTime>PT60S</e:InitialTerminationTime>")
	e.wants(e.ask(e.at, pull), "tns1:VideoSource/MotionAlarm", `PropertyOperation="Initialized"`, "PullMessagesResponse</wsa:Action>")
	d.Motion(true)
	e.wants(e.ask(e.at, pull), `PropertyOperation="Changed"`, `Value="true"`)
	d.Crossed("door")
	e.wants(e.ask(e.at, pull), "tns1:RuleEngine/LineDetector/Crossed")
	e.wants(e.ask(e.at, "<e:SetSynchronizationPoint/>"), "SetSynchronizationPointResponse")
	e.wants(e.ask(e.at, pull), `PropertyOperation="Initialized"`)
	e.wants(e.ask(e.at, "<n:Renew><n:TerminationTime>PT60S</n:TerminationTime></n:Renew>"), "RenewResponse")
	e.wants(e.ask(e.at, "<n:Renew><n:TerminationTime>2001-01-01T00:00:00Z</n:TerminationTime></n:Renew>"), "UnacceptableTerminationTimeFault")
	e.wants(e.ask(s.XAddr(), "<e:CreatePullPointSubscription><e:InitialTerminationTime>2001-01-01T00:00:00Z</e:InitialTerminationTime></e:CreatePullPointSubscription>"), "UnacceptableInitialTerminationTimeFault")
	e.wants(e.ask(e.at, "<e:PullMessages><e:Timeout>PT10M</e:Timeout><e:MessageLimit>1</e:MessageLimit></e:PullMessages>"), "<tev:MaxTimeout>PT60S")
	e.ask(e.at, "<e:PullMessages><e:Timeout>soon</e:Timeout><e:MessageLimit>1</e:MessageLimit></e:PullMessages>")
	first := e.at
	e.subscribe(`<e:Filter><n:TopicExpression Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:Device//.</n:TopicExpression></e:Filter>`)
	if a := e.ask(e.at, pull); strings.Contains(a, "VideoSource") || !strings.Contains(a, "Device/Trigger/DigitalInput") {
		t.Error("the filter does not filter", a)
	}
	e.wants(e.ask(s.XAddr(), "<e:CreatePullPointSubscription/>"), "SubscribeCreationFailedFault")
	e.wants(e.ask(first, "<n:Unsubscribe/>"), "UnsubscribeResponse")
	for _, q := range []string{pull, "<n:Unsubscribe/>", "<e:SetSynchronizationPoint/>", "<n:Renew><n:TerminationTime>PT60S</n:TerminationTime></n:Renew>"} {
		e.wants(e.ask(first, q), "ResourceUnknownFault")
	}
	d.Events().SetQuirks(func(q *server.EventQuirks) { q.RefusesFilter = true })
	e.wants(e.ask(s.XAddr(), `<e:CreatePullPointSubscription><e:Filter><n:TopicExpression Dialect="x">y</n:TopicExpression></e:Filter></e:CreatePullPointSubscription>`), "InvalidFilterFault")
	d.Events().SetQuirks(func(q *server.EventQuirks) { q.Parameters = "urn:x" })
	e.wants(e.ask(s.XAddr(), "<n:Subscribe><n:ConsumerReference><a:Address>http://127.0.0.1:1/x</a:Address></n:ConsumerReference></n:Subscribe>"), `<SubscriptionId xmlns="urn:x">`)
	e.wants(e.ask(s.XAddr(), "<n:Subscribe><n:ConsumerReference><a:Address>http://192.0.2.1/x</a:Address></n:ConsumerReference></n:Subscribe>"), "not at the host")
	e.valid()
}

func (e *eventful) valid() {
	e.t.Helper()
	shared := os.Getenv("HOLDFAST_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	validate := filepath.Join(shared, "onvif", "validate")
	if _, err := os.Stat(validate); err != nil {
		e.t.Skipf("the official schemas and their validator are not at %s", validate)
	}
	dir := e.t.TempDir()
	var files []string
	for i, a := range e.answers {
		file := filepath.Join(dir, fmt.Sprintf("%02d.xml", i))
		if err := os.WriteFile(file, []byte(a), 0o600); err != nil {
			e.t.Fatal(err)
		}
		files = append(files, file)
	}
	if out, err := exec.Command(validate, files...).CombinedOutput(); err != nil {
		e.t.Errorf("%v\n%s", err, out)
	}
}
