package server

import (
	"fmt"
	"strings"

	"holdfast/onvif/internal/soap"
)

// AnalyticsToken is that of the analytics configuration of a device that measures temperatures.
const AnalyticsToken = "analytics"

// nsRadiometry is where the modules that measure are described.
const nsRadiometry = "http://www.onvif.org/ver20/analytics/radiometry"

// MeasuringModule is an analytics module that measures temperatures at a place of the picture.
type MeasuringModule struct {
	Item string
	Spot bool       // at the box's lower left corner; else in all of the box
	Box  [4]float64 // left, bottom, right and top, in the frame that the device counts in: -1 to 1, if it keeps to the specification
}

// xml is the module as a tt:Config; the prefix of its type is bound where it is used.
func (m MeasuringModule) xml(element string) string {
	kind, at := "Box", fmt.Sprintf(`left="%g" bottom="%g" right="%g" top="%g"`, m.Box[0], m.Box[1], m.Box[2], m.Box[3])
	if m.Spot {
		kind, at = "Spot", fmt.Sprintf(`x="%g" y="%g"`, m.Box[0], m.Box[1])
	}
	return fmt.Sprintf(`<%[1]s xmlns:ttr="%[2]s" Name="%[3]s" Type="ttr:Radiometry%[4]s"><tt:Parameters><tt:ElementItem Name="Radiometry%[4]s"><ttr:Radiometry%[4]sModuleConfig ItemID="%[3]s" Active="true"><ttr:ScreenCoords %[5]s/></ttr:Radiometry%[4]sModuleConfig></tt:ElementItem></tt:Parameters></%[1]s>`,
		element, nsRadiometry, soap.Escape(m.Item), kind, at)
}

func (s *Server) measuring(element string) string {
	var b strings.Builder
	for _, m := range s.controls().Thermal().Measuring() {
		b.WriteString(m.xml(element))
	}
	return b.String()
}

func (s *Server) analyticsServices() []service {
	if s.controls().Thermal() == nil {
		return nil
	}
	return []service{{soap.NSAnalytics, "analytics_service", `<tan:Capabilities RuleSupport="false" AnalyticsModuleSupport="true"/>`}}
}

// analytics is the analytics configuration of a video source as a part of a profile; "" of one that does not measure.
func (s *Server) analytics(element string, v VideoSource) string {
	if t := s.controls().Thermal(); t == nil || t.Source() != v.Token {
		return ""
	}
	return "<" + element + ` token="` + AnalyticsToken + `"><tt:Name>Analytics</tt:Name><tt:UseCount>1</tt:UseCount><tt:AnalyticsEngineConfiguration>` +
		s.measuring("tt:AnalyticsModule") + "</tt:AnalyticsEngineConfiguration><tt:RuleEngineConfiguration/></" + element + ">"
}

func analyticsOperations() map[string]operation {
	return map[string]operation{"GetAnalyticsModules": {soap.NSAnalytics, false, func(s *Server, req *soap.Node) (string, *fault) {
		switch {
		case s.controls().Thermal() == nil:
			return "", &notSupported
		case req.Get("ConfigurationToken") != AnalyticsToken:
			return "", &noConfig
		}
		return "<tan:GetAnalyticsModulesResponse>" + s.measuring("tan:AnalyticsModule") + "</tan:GetAnalyticsModulesResponse>", nil
	}}}
}
