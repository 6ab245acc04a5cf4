package onvif_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/onvif"
)

func read(t *testing.T, text string) []onvif.Notification {
	t.Helper()
	list, err := onvif.ReadNotifications(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestNotificationIsReadWhateverTheDeviceLeavesOut(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want onvif.Notification
	}{
		"as specified": {`<e xmlns:w="w" xmlns:t="t"><w:NotificationMessage><w:Topic Dialect="d"> tns1:RuleEngine/CellMotionDetector/Motion </w:Topic><w:Message><t:Message UtcTime="2026-01-02T03:04:05Z" PropertyOperation="Changed"><t:Source><t:SimpleItem Name="Rule" Value="1"/></t:Source><t:Key><t:SimpleItem Name="ObjectId" Value="7"/></t:Key><t:Data><t:SimpleItem Name="IsMotion" Value="true"/></t:Data></t:Message></w:Message></w:NotificationMessage></e>`,
			onvif.Notification{Topic: "RuleEngine/CellMotionDetector/Motion", Operation: onvif.Changed, UTC: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
				Source: []onvif.Item{{"Rule", "1"}}, Key: []onvif.Item{{"ObjectId", "7"}}, Data: []onvif.Item{{"IsMotion", "true"}}}},
		"one message only":     {`<NotificationMessage><Topic>a:X/b:Y</Topic><Message utcTime="2026-01-02T03:04:05"><Data><SimpleItem Name="State" Value="1"/></Data></Message></NotificationMessage>`, onvif.Notification{Topic: "X/Y", UTC: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Data: []onvif.Item{{"State", "1"}}}},
		"no message around it": {`<NotificationMessage><Topic>X</Topic><Source><SimpleItem Name="A" Value="1"/><SimpleItem Name="A" Value="2"/></Source></NotificationMessage>`, onvif.Notification{Topic: "X", Source: []onvif.Item{{"A", "1"}, {"A", "2"}}}},
		"nothing":              {`<NotificationMessage/>`, onvif.Notification{}},
		"a time that is none":  {`<NotificationMessage><Message><Message UtcTime="yesterday"/></Message></NotificationMessage>`, onvif.Notification{}},
		"a value as text":      {`<NotificationMessage><Message><Data><SimpleItem Name="State">on</SimpleItem></Data></Message></NotificationMessage>`, onvif.Notification{Data: []onvif.Item{{"State", "on"}}}},
		"namespaces that look like names": {`<NotificationMessage><Message><Data><SimpleItem xmlns:Value="u" xmlns:Name="v" Name="State" Value="off" xmlns="w"/></Data></Message></NotificationMessage>`,
			onvif.Notification{Data: []onvif.Item{{"State", "off"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			list := read(t, c.text)
			if len(list) != 1 {
				t.Fatalf("%d notifications", len(list))
			}
			got := list[0]
			if got.Topic != c.want.Topic || got.Operation != c.want.Operation || !got.UTC.Equal(c.want.UTC) || !slices.Equal(got.Source, c.want.Source) ||
				!slices.Equal(got.Key, c.want.Key) || !slices.Equal(got.Data, c.want.Data) || got.Cut {
				t.Errorf("read\n%+v, want\n%+v", got, c.want)
			}
		})
	}
}

func TestNotificationIsCutAndSaysSo(t *testing.T) {
	for name, text := range map[string]string{
		"topic":   "<NotificationMessage><Topic>" + strings.Repeat("x", 300) + "</Topic></NotificationMessage>",
		"value":   `<NotificationMessage><Data><SimpleItem Name="a" Value="` + strings.Repeat("ü", 1000) + `"/></Data></NotificationMessage>`,
		"items":   `<NotificationMessage><Data>` + strings.Repeat(`<SimpleItem Name="a" Value="b"/>`, 65) + `</Data></NotificationMessage>`,
		"element": `<NotificationMessage><Data><ElementItem Name="a"><b>` + strings.Repeat("<c/>", 4000) + `</b></ElementItem></Data></NotificationMessage>`,
	} {
		t.Run(name, func(t *testing.T) {
			n := read(t, text)[0]
			if !n.Cut || len(n.Topic) > 256 || len(n.Data) > 64 || len(n.Data) > 0 && len(n.Data[0].Value) > 1<<10 || len(n.Elements) > 0 && len(n.Elements[0].XML) > 8<<10 {
				t.Errorf("%+v", n)
			}
		})
	}
}

func TestKindComesFromWhatIsSeenWhereTheTopicSaysOnlyThatThereIsSomething(t *testing.T) {
	message := func(topic, name, value string) string {
		return `<NotificationMessage><Topic>` + topic + `</Topic><Data><SimpleItem Name="ObjectId" Value="1"/><SimpleItem Name="` + name + `" Value="` + value + `"/></Data></NotificationMessage>`
	}
	for text, want := range map[string]onvif.Kind{
		message("tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent", "IsPet", "true"):         onvif.KindAnimal,
		message("tns1:RuleEngine/CellMotionDetector/TpSmartEvent", "IsVehicle", "true"):       onvif.KindVehicle,
		message("tns1:RuleEngine/ObjectDetection/Object", "ClassTypes", "Vehicle Human"):      onvif.KindPerson,
		message("tns1:RuleEngine/ObjectDetection/Object", "ClassTypes", ""):                   onvif.KindObject,
		message("tns1:RuleEngine/CellMotionDetector/Motion", "IsPeople", "true"):              onvif.KindMotion,
		message("tnsvendor:Unheard/Of", "State", "true"):                                      onvif.KindOther,
		message("tns1:RuleEngine/tnsacme:HumanTrespass/Alarm", "State", "true"):               onvif.KindPerson,
		message("TNS1:videosource/motionalarm", "State", "true"):                              onvif.KindMotion,
		message("tns1:VideoSource/ImageTooBlurry/AnalyticsService", "State", "true"):          onvif.KindBlur,
		message("tns1:Device/HardwareFailure/tnshik:HardDiskFull", "HardDiskNo", "1"):         onvif.KindDiskFull,
		message("tns1:RuleEngine/Radiometry/TemperatureAlarm", "AlarmActive", "true"):         onvif.KindTemperature,
		message("tns1:RuleEngine/Recognition/LicensePlate", "Likelihood", "0.9"):              onvif.KindPlate,
		message("tns1:UserDefinedEvents/tnsuniview:SmartMotion/Human", "State", "true"):       onvif.KindPerson,
		message("tns1:Monitoring/ProcessorUsage", "Value", "0.5"):                             onvif.KindMonitoring,
		message("tnsaxis:CameraApplicationPlatform/ObjectAnalytics/Device1S1", "active", "1"): onvif.KindObject,
		message("tns1:VideoAnalytics/tnssamsung:MotionDetection", "State", "true"):            onvif.KindMotion,
		message("tns1:IVA/tnsbosch:ObjectInField/Detect_any_object", "State", "true"):         onvif.KindIntrusion,
		message("tns1:RuleEngine/MyRuleDetector/Visitor", "State", "true"):                    onvif.KindDigitalInput,
		message("tns1:VideoSource/MotionAlarm//.", "State", "true"):                           onvif.KindMotion,
	} {
		n := read(t, text)[0]
		if k := n.Kind(); k != want {
			t.Errorf("%s is %s, want %s", n.Topic, k, want)
		}
	}
	for _, k := range onvif.Kinds() {
		if k.Housekeeping() || len(k) > 64 {
			t.Errorf("%s is no kind of an event", k)
		}
	}
}

var closing = regexp.MustCompile(`</([^<>/]*:)?NotificationMessage>`)

// TestEveryCapturedNotificationIsRead goes through what real devices sent (see SOURCES.md there), and shows what each topic
// counts as. Topics that a device says it has are in the table too.
func TestEveryCapturedNotificationIsRead(t *testing.T) {
	root, there := shared("captures")
	if !there {
		t.Skipf("the recorded answers of real cameras are not at %s", root)
	}
	seen := make(map[string]int)
	kinds := make(map[string]onvif.Kind)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".xml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want := len(closing.FindAll(data, -1))
		if want == 0 || strings.Contains(string(data), "{{") {
			return nil // a template is no XML
		}
		list, err := onvif.ReadNotifications(strings.NewReader(string(data)))
		if err != nil {
			t.Logf("%s is no answer: %v", path, err) // a piece of one, or a broken one
			return nil
		}
		if len(list) != want {
			t.Errorf("%s: %d notifications of %d", path, len(list), want)
		}
		for _, n := range list {
			if n.Topic == "" || n.Cut || len(n.Data)+len(n.Elements) == 0 {
				t.Logf("%s: %+v", path, n)
			}
			seen[n.Topic]++
			kinds[n.Topic+" "+string(n.Kind())] = n.Kind()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) == 0 {
		t.Error("there is no notification in any recorded answer")
	}
	var lines []string
	for k := range kinds {
		lines = append(lines, k)
	}
	slices.Sort(lines)
	for _, l := range lines {
		topic, kind, _ := strings.Cut(l, " ")
		t.Logf("%4d  %-60s %s", seen[topic], topic, kind)
		if kind == string(onvif.KindOther) {
			t.Logf("%s is in no table: it is indexed as other, with its topic", topic)
		}
	}
}

func FuzzNotifications(f *testing.F) {
	f.Add(`<e><NotificationMessage><Topic>a:b/c</Topic><Message><Message UtcTime="2026-01-02T03:04:05Z"><Data><SimpleItem Name="State" Value="true"/><ElementItem Name="x"><y z="1">ü</y></ElementItem></Data></Message></Message></NotificationMessage></e>`)
	f.Add(`<NotificationMessage><Message><Message><Message><Message><Key/></Message></Message></Message></Message></NotificationMessage>`)
	p := onvif.NewProperties(time.Minute)
	f.Fuzz(func(t *testing.T, text string) {
		list, err := onvif.ReadNotifications(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, n := range list {
			if n.Kind() == "" || len(n.Topic) > 256 || len(n.Data) > 64 {
				t.Errorf("%+v", n)
			}
			n.From()
			n.VideoSource()
			p.Take(n)
			for _, e := range n.Elements {
				if e.XML != "" {
					if _, err := onvif.ReadNotifications(strings.NewReader("<x>" + e.XML + "</x>")); err != nil {
						t.Errorf("what was written again is not read: %v\n%s", err, e.XML)
					}
				}
			}
		}
	})
}
