package onvif

import (
	"slices"
	"strings"
	"sync"
)

// Kind is what a notification is about, in the words of the timeline.
type Kind string

// The kinds of events.
const (
	KindMotion         Kind = "motion"
	KindLine           Kind = "line"      // a line was crossed
	KindIntrusion      Kind = "intrusion" // something is in a field, enters or leaves it
	KindLoitering      Kind = "loitering"
	KindLeftObject     Kind = "left-object" // something was left behind, or taken away
	KindObject         Kind = "object"      // of no kind that is said
	KindPerson         Kind = "person"
	KindVehicle        Kind = "vehicle"
	KindAnimal         Kind = "animal"
	KindFace           Kind = "face"
	KindPlate          Kind = "plate"
	KindParcel         Kind = "parcel"
	KindTamper         Kind = "tamper"
	KindBlur           Kind = "blur"
	KindDark           Kind = "dark"
	KindBright         Kind = "bright"
	KindSceneChange    Kind = "scene-change"
	KindSignalLoss     Kind = "signal-loss"
	KindDigitalInput   Kind = "digital-input"
	KindRelay          Kind = "relay"
	KindSensor         Kind = "sensor" // passive infrared and the like
	KindTemperature    Kind = "temperature"
	KindAudio          Kind = "audio"
	KindStorageFailure Kind = "storage-failure"
	KindDiskFull       Kind = "disk-full"
	KindHardware       Kind = "hardware" // a fan, a heater, a power supply
	KindNetwork        Kind = "network"
	KindAccess         Kind = "access" // at the device: an address blocked, a login refused
	KindReboot         Kind = "reboot"
	KindOther          Kind = "other" // a topic that is not in the table
)

// The kinds of what is told of the device's own running and settings: no events before the camera.
const (
	KindCount         Kind = "count"
	KindPosition      Kind = "position" // of what moves: presets, moves
	KindConfiguration Kind = "configuration"
	KindMonitoring    Kind = "monitoring"
)

// Housekeeping tells whether a kind is of the device's own running and settings.
func (k Kind) Housekeeping() bool {
	switch k {
	case KindCount, KindPosition, KindConfiguration, KindMonitoring:
		return true
	}
	return false
}

// Kinds lists the kinds of events, KindOther last.
func Kinds() []Kind {
	return []Kind{KindMotion, KindLine, KindIntrusion, KindLoitering, KindLeftObject, KindObject, KindPerson, KindVehicle, KindAnimal, KindFace, KindPlate, KindParcel, KindTamper, KindBlur, KindDark, KindBright, KindSceneChange,
		KindSignalLoss, KindDigitalInput, KindRelay, KindSensor, KindTemperature, KindAudio, KindStorageFailure, KindDiskFull, KindHardware, KindNetwork, KindAccess, KindReboot, KindOther}
}

// topics is which kind a topic is of: the first entry that is the topic, or its beginning, in any case. What the specifications name (Core, Analytics, Imaging, DeviceIO, Thermal) comes with what vendors
// put beside it.
var topics = []struct {
	topic string
	kind  Kind
}{
	{"RuleEngine/CellMotionDetector/People", KindPerson}, // Tapo names its detectors below that of cells
	{"RuleEngine/CellMotionDetector/Vehicle", KindVehicle},
	{"RuleEngine/CellMotionDetector/Pet", KindAnimal},
	{"RuleEngine/CellMotionDetector/LineCross", KindLine},
	{"RuleEngine/CellMotionDetector/Intrusion", KindIntrusion},
	{"RuleEngine/CellMotionDetector/Tamper", KindTamper},
	{"RuleEngine/CellMotionDetector/TpSmartEvent", KindObject},
	{"RuleEngine/CellMotionDetector", KindMotion},
	{"RuleEngine/MotionRegionDetector", KindMotion},
	{"RuleEngine/MotionDetector", KindMotion}, // Ajax
	{"RuleEngine/VMD3", KindMotion},           // Axis
	{"RuleEngine/VMD4", KindMotion},
	{"RuleEngine/PeopleDetector", KindPerson}, // Tapo
	{"RuleEngine/TPSmartEventDetector", KindObject},
	{"RuleEngine/MyRuleDetector/PeopleDetect", KindPerson}, // Reolink
	{"RuleEngine/MyRuleDetector/VehicleDetect", KindVehicle},
	{"RuleEngine/MyRuleDetector/DogCatDetect", KindAnimal},
	{"RuleEngine/MyRuleDetector/FaceDetect", KindFace},
	{"RuleEngine/MyRuleDetector/Package", KindParcel},
	{"RuleEngine/MyRuleDetector/Visitor", KindDigitalInput}, // its doorbell's button
	{"RuleEngine/LineDetector", KindLine},
	{"RuleEngine/LineCounter", KindCount},
	{"RuleEngine/CrossLineDetector", KindLine},
	{"RuleEngine/FieldDetector", KindIntrusion},
	{"RuleEngine/RegionEntrance", KindIntrusion},
	{"RuleEngine/RegionExiting", KindIntrusion},
	{"RuleEngine/LoiteringDetector", KindLoitering},
	{"RuleEngine/ObjectAbandoned", KindLeftObject},
	{"RuleEngine/ObjectRemoved", KindLeftObject},
	{"RuleEngine/UnattendedBaggage", KindLeftObject},
	{"RuleEngine/TamperDetector", KindTamper},
	{"RuleEngine/Recognition/Face", KindFace},
	{"RuleEngine/FaceDetector", KindFace},
	{"RuleEngine/Recognition/LicensePlate", KindPlate},
	{"RuleEngine/Radiometry", KindTemperature},
	{"RuleEngine/CountAggregation", KindCount},
	{"RuleEngine/AudioDetector", KindAudio},
	{"RuleEngine/AudioAnalytics", KindAudio},
	{"RuleEngine/ObjectDetection", KindObject},
	{"RuleEngine/ObjectTrack", KindObject},
	{"RuleEngine/FireDetector", KindTemperature},
	{"VideoSource/MotionAlarm", KindMotion},
	{"VideoSource/GlobalSceneChange", KindSceneChange},
	{"VideoSource/ImageTooBlurry", KindBlur},
	{"VideoSource/ImageTooDark", KindDark},
	{"VideoSource/ImageTooBright", KindBright},
	{"VideoSource/ImpairedVisibility", KindBlur},
	{"VideoSource/SignalLoss", KindSignalLoss},
	{"VideoSource/SignalLost", KindSignalLoss},
	{"VideoSource/VideoLoss", KindSignalLoss},
	{"VideoSource/SignalStandardMismatch", KindSignalLoss}, // Hikvision
	{"VideoSource/RadiometryAlarm", KindTemperature},
	{"VideoSource/Tampering", KindTamper}, // Axis
	{"VideoSource/Alarm", KindMotion},     // Dahua, of its smart plans
	{"VideoSource/ABR", KindMonitoring},   // Axis: bit rate
	{"VideoSource/DayNightVision", KindMonitoring},
	{"VideoSource/LiveStreamAccessed", KindMonitoring},
	{"VideoSource/PTZ", KindPosition},
	{"VideoAnalytics/MotionDetection", KindMotion}, // Axis, Hanwha
	{"VideoAnalytics/Motion", KindMotion},
	{"VideoAnalytics/Radiometry", KindMonitoring}, // readings, several a second
	{"VideoAnalytics/FaceDetection", KindFace},
	{"VideoAnalytics/Tampering", KindTamper},
	{"VideoAnalytics/Passing", KindLine}, // Hanwha: virtual line
	{"VideoAnalytics/Entering", KindIntrusion},
	{"VideoAnalytics/Exiting", KindIntrusion},
	{"VideoAnalytics/AppearDisappear", KindObject},
	{"VideoAnalytics/Loitering", KindLoitering},
	{"IVA/ObjectInField", KindIntrusion}, // Bosch
	{"IVA/CrossingLine", KindLine},
	{"IVA/LineCrossing", KindLine},
	{"IVA/Loitering", KindLoitering},
	{"IVA/IdleObject", KindLeftObject},
	{"IVA/RemovedObject", KindLeftObject},
	{"IVA/Tamper", KindTamper},
	{"IVA/Counter", KindCount},
	{"IVA", KindObject},
	{"CameraApplicationPlatform/VMD", KindMotion}, // Axis
	{"CameraApplicationPlatform/MotionGuard", KindMotion},
	{"CameraApplicationPlatform/FenceGuard", KindLine},
	{"CameraApplicationPlatform/LoiteringGuard", KindLoitering},
	{"CameraApplicationPlatform/ObjectAnalytics", KindObject},
	{"Device/Trigger/DigitalInput", KindDigitalInput},
	{"Device/Trigger/AlarmIn", KindDigitalInput}, // Hikvision
	{"Device/Trigger/Relay", KindRelay},
	{"Device/Trigger/AlarmOut", KindRelay},
	{"Device/IO/OutputPort", KindRelay}, // Axis
	{"Device/IO", KindDigitalInput},
	{"Device/Sensor/Temperature", KindTemperature},
	{"Device/Sensor", KindSensor},
	{"Device/Status/Temperature", KindTemperature},
	{"Device/Status/SystemReady", KindMonitoring},
	{"Device/Casing", KindTamper},
	{"Device/Tampering", KindTamper},
	{"Device/HardwareFailure/StorageFailure", KindStorageFailure},
	{"Device/HardwareFailure/HardDiskFull", KindDiskFull}, // Hikvision
	{"Device/HardwareFailure/HardDiskUnformat", KindStorageFailure},
	{"Device/HardwareFailure/HardDiskError", KindStorageFailure},
	{"Device/HardwareFailure/TemperatureCritical", KindTemperature},
	{"Device/HardwareFailure", KindHardware},
	{"Device/RingPowerLimitExceeded", KindHardware},
	{"Device/OperationMode/ShutdownInitiated", KindReboot},
	{"Device/OperationMode", KindMonitoring},
	{"Device/Network/BlockedIP", KindAccess},
	{"Device/Network/Lost", KindNetwork},
	{"Device/Network", KindMonitoring},
	{"Device/SecurityPolicy", KindAccess},
	{"Device/MQTT", KindMonitoring},
	{"Device/Heater", KindMonitoring},
	{"Device/Light", KindMonitoring},
	{"Device/SystemMessage", KindMonitoring},
	{"Storage/Alert", KindStorageFailure}, // Axis
	{"Storage/Disruption", KindStorageFailure},
	{"Storage/Recording", KindMonitoring},
	{"AudioAnalytics", KindAudio},
	{"AudioSource", KindAudio},
	{"AudioControl", KindMonitoring},
	{"Monitoring/OperatingTime/LastReboot", KindReboot},
	{"Monitoring/EnvironmentalConditions", KindMonitoring},
	{"Monitoring", KindMonitoring},
	{"LightControl", KindMonitoring},
	{"PTZController", KindPosition},
	{"PTZ", KindPosition},
	{"Media", KindConfiguration},
	{"MediaControl", KindConfiguration},
	{"Configuration", KindConfiguration},
	{"RecordingConfig", KindConfiguration},
	{"RecordingHistory", KindMonitoring},
	{"VideoOutput", KindConfiguration},
	{"VideoDecoder", KindHardware},
	{"Advancedsecurity", KindConfiguration},
	{"Advancesecurity", KindConfiguration}, // Bosch
	{"EventBuffer", KindMonitoring},
	{"Events", KindMonitoring},
	{"UserAlarm", KindMonitoring}, // Axis: timers of its rules
	{"MQTT", KindMonitoring},
}

// words are parts of names below RuleEngine, VideoAnalytics and the like, where vendors put what no table has. The first that
// occurs counts.
var words = []struct {
	word string
	kind Kind
}{
	{"licenseplate", KindPlate}, {"plate", KindPlate}, {"anpr", KindPlate}, {"lpr", KindPlate}, {"face", KindFace}, {"people", KindPerson}, {"person", KindPerson}, {"human", KindPerson}, {"pedestrian", KindPerson},
	{"vehicle", KindVehicle}, {"car", KindVehicle}, {"animal", KindAnimal}, {"pet", KindAnimal}, {"dogcat", KindAnimal}, {"package", KindParcel}, {"parcel", KindParcel},
	{"loiter", KindLoitering}, {"abandon", KindLeftObject}, {"removed", KindLeftObject}, {"unattended", KindLeftObject}, {"line", KindLine}, {"cross", KindLine}, {"tripwire", KindLine},
	{"intrusion", KindIntrusion}, {"field", KindIntrusion}, {"region", KindIntrusion}, {"enter", KindIntrusion}, {"exit", KindIntrusion}, {"zone", KindIntrusion},
	{"tamper", KindTamper}, {"scene", KindSceneChange}, {"defocus", KindBlur}, {"blur", KindBlur}, {"motion", KindMotion}, {"vmd", KindMotion}, {"audio", KindAudio}, {"sound", KindAudio},
	{"temperature", KindTemperature}, {"fire", KindTemperature}, {"smoke", KindTemperature}, {"count", KindCount}, {"object", KindObject},
}

// analysed are the roots below which a name tells what was seen.
var analysed = []string{"ruleengine", "videoanalytics", "cameraapplicationplatform", "videosource", "userdefinedevents", "smartevent"}

// rooted is the table by the first part of a topic, in lower case, each in the table's order.
var rooted = sync.OnceValue(func() map[string][]entry {
	all := make(map[string][]entry)
	for _, t := range topics {
		parts := strings.Split(strings.ToLower(t.topic), "/")
		all[parts[0]] = append(all[parts[0]], entry{parts, t.kind})
	}
	return all
})

type entry struct {
	parts []string
	kind  Kind
}

// KindOf tells what a topic is about. Topics are paths of local names, as Notification.Topic.
func KindOf(topic string) Kind {
	parts := strings.Split(strings.ToLower(topic), "/")
	for _, e := range rooted()[parts[0]] {
		if len(parts) >= len(e.parts) && slices.Equal(parts[:len(e.parts)], e.parts) {
			return e.kind
		}
	}
	for _, root := range analysed {
		if parts[0] != root {
			continue
		}
		rest := strings.Join(parts[1:], "/")
		for _, w := range words {
			if strings.Contains(rest, w.word) {
				return w.kind
			}
		}
	}
	return KindOther
}

// Kind tells what the notification is about: by its topic, and where that says only that there is something, by what it says is
// there.
func (v *Notification) Kind() Kind {
	k := KindOf(v.Topic)
	if k != KindObject && k != KindOther {
		return k
	}
	for _, i := range v.Data {
		if c := classOfItem(i); c != "" {
			return c
		}
	}
	return k
}

// classes are the words for what an object is: those of the Analytics specification (tt:ObjectType) and of vendors.
var classes = []struct {
	word string
	kind Kind
}{
	{"licenseplate", KindPlate}, {"face", KindFace}, {"human", KindPerson}, {"people", KindPerson}, {"person", KindPerson}, {"vehicle", KindVehicle}, {"vehical", KindVehicle}, {"car", KindVehicle}, {"truck", KindVehicle},
	{"bus", KindVehicle}, {"bicycle", KindVehicle}, {"bike", KindVehicle}, {"motorcycle", KindVehicle}, {"animal", KindAnimal}, {"pet", KindAnimal}, {"dog", KindAnimal}, {"cat", KindAnimal}, {"package", KindParcel},
}

// classOfItem reads IsPeople="true" and ClassTypes="Human Vehicle"; of several classes the one that stands first in the table.
// What is not there is named too: IsPeople="false" ends an event of a person.
func classOfItem(i Item) Kind {
	name := strings.ToLower(i.Name)
	if asked, ok := strings.CutPrefix(name, "is"); ok {
		for _, c := range classes {
			if asked == c.word {
				return c.kind
			}
		}
		return ""
	}
	switch name {
	case "classtypes", "class", "objecttype", "type", "classtype", "objectclass":
	default:
		return ""
	}
	said := strings.FieldsFunc(strings.ToLower(i.Value), func(r rune) bool { return r == ' ' || r == ',' || r == ';' })
	for _, c := range classes {
		for _, w := range said {
			if w == c.word {
				return c.kind
			}
		}
	}
	return ""
}
