package onviftest

import (
	"time"

	"holdfast/onvif/server"
)

// topics are what every simulated camera reports: what profile T asks for, and what cameras with inputs and rules have beside it.
var topics = []server.EventTopic{
	{Topic: "VideoSource/MotionAlarm", Property: true, Source: reference("Source"), Data: boolean("State")},
	{Topic: "VideoSource/GlobalSceneChange/ImagingService", Property: true, Source: reference("Source"), Data: boolean("State")},
	{Topic: "RuleEngine/CellMotionDetector/Motion", Property: true, Data: boolean("IsMotion"), Source: []server.ItemDescription{
		{Name: "VideoSourceConfigurationToken", Type: "tt:ReferenceToken"}, {Name: "VideoAnalyticsConfigurationToken", Type: "tt:ReferenceToken"}, {Name: "Rule", Type: "xs:string"}}},
	{Topic: "RuleEngine/TamperDetector/Tamper", Property: true, Source: append(reference("VideoSourceConfigurationToken"), server.ItemDescription{Name: "Rule", Type: "xs:string"}), Data: boolean("IsTamper")},
	{Topic: "RuleEngine/LineDetector/Crossed", Source: append(reference("VideoSourceConfigurationToken"), server.ItemDescription{Name: "Rule", Type: "xs:string"}),
		Data: []server.ItemDescription{{Name: "ObjectId", Type: "xs:integer"}}},
	{Topic: "Media/ConfigurationChanged", Source: reference("Token"), Data: []server.ItemDescription{{Name: "Type", Type: "xs:string"}}},
	{Topic: "Device/Trigger/DigitalInput", Property: true, Source: reference("InputToken"), Data: boolean("LogicalState")},
}

func reference(name string) []server.ItemDescription {
	return []server.ItemDescription{{Name: name, Type: "tt:ReferenceToken"}}
}

func boolean(name string) []server.ItemDescription {
	return []server.ItemDescription{{Name: name, Type: "xs:boolean"}}
}

// Tokens of a simulated camera's source and input.
const (
	SourceToken = "source"
	InputToken  = "input1"
)

func newEvents(d *Device) *server.Events {
	if kinds[d.o.Kind].legacy {
		d.o.Events.NoPullPoint = true
	}
	e := server.NewEvents(server.EventOptions{Topics: topics, MaxPullPoints: d.o.MaxPullPoints, Now: d.Now, Quirks: d.o.Events})
	for _, set := range []func(bool){d.Motion, d.Tamper, d.DigitalInput} {
		d.events = e
		set(false)
	}
	return e
}

// Events is what the device reports, for its quirks and faults.
func (d *Device) Events() *server.Events { return d.events }

// Motion says that something moves, or that it does not any more.
func (d *Device) Motion(on bool) { d.MotionOf(SourceToken, on) }

// MotionOf says so of one of several video sources.
func (d *Device) MotionOf(source string, on bool) {
	d.state("VideoSource/MotionAlarm", []server.Item{{Name: "Source", Value: source}}, "State", on)
}

// Tamper says that somebody covers the camera, or does not any more.
func (d *Device) Tamper(on bool) {
	d.state("RuleEngine/TamperDetector/Tamper", []server.Item{{Name: "VideoSourceConfigurationToken", Value: SourceToken}, {Name: "Rule", Value: "Tamper"}}, "IsTamper", on)
}

// DigitalInput closes or opens the input.
func (d *Device) DigitalInput(on bool) {
	d.state("Device/Trigger/DigitalInput", []server.Item{{Name: "InputToken", Value: InputToken}}, "LogicalState", on)
}

// Crossed says that something crossed the line of a rule: a moment, not a state.
func (d *Device) Crossed(rule string) {
	d.events.Raise(server.Event{Topic: "RuleEngine/LineDetector/Crossed", Source: []server.Item{{Name: "VideoSourceConfigurationToken", Value: SourceToken}, {Name: "Rule", Value: rule}},
		Data: []server.Item{{Name: "ObjectId", Value: "1"}}})
}

func (d *Device) state(topic string, source []server.Item, name string, on bool) {
	value := "false"
	if on {
		value = "true"
	}
	d.events.Raise(server.Event{Topic: topic, Property: true, Source: source, Data: []server.Item{{Name: name, Value: value}}})
}

// Restart is what a restart of the camera does to whoever listens to its events: subscriptions are lost, states begin anew, and a
// clock without battery starts behind.
func (d *Device) Restart(behind time.Duration) {
	d.skew.Add(int64(-behind))
	d.events.Forget()
	d.Motion(false)
	d.Tamper(false)
	d.DigitalInput(false)
}

// SetSkew sets how far the device's clock is ahead.
func (d *Device) SetSkew(skew time.Duration) { d.skew.Store(int64(skew)) }
