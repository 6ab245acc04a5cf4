package tt

import (
	"strings"

	"holdfast/onvif/internal/soap"
)

// Palette is a colouring of temperatures (tth:ColorPalette).
type Palette struct{ Token, Type, Name string }

// NUCTable is a correction of the sensor (tth:NUCTable). Temperatures are kelvin.
type NUCTable struct {
	Token, Name                     string
	LowTemperature, HighTemperature *float64
}

// Thermal is how a thermal source makes its picture (tth:Configuration).
type Thermal struct {
	Palette       Palette
	Polarity      string    // WhiteHot, BlackHot
	NUC           *NUCTable // nil: none
	Cooler        *bool     // whether it runs; nil: there is none
	CoolerRunTime *float64  // hours
}

// ReadThermal reads tth:Configuration.
func ReadThermal(n *soap.Node) Thermal {
	t := Thermal{Palette: readPalette(n.Find("ColorPalette")), Polarity: text(n.Get("Polarity"))}
	if k := n.Find("NUCTable"); k != nil {
		nuc := readNUC(k)
		t.NUC = &nuc
	}
	if k := n.Find("Cooler"); k != nil {
		on := Bool(k.Get("Enabled"))
		t.Cooler, t.CoolerRunTime = &on, optional(k, "RunTime")
	}
	return t
}

func readPalette(n *soap.Node) Palette {
	return Palette{text(n.Attribute("token")), text(n.Attribute("Type")), text(n.Get("Name"))}
}

func readNUC(n *soap.Node) NUCTable {
	return NUCTable{text(n.Attribute("token")), text(n.Get("Name")), optionalAttribute(n, "LowTemperature"), optionalAttribute(n, "HighTemperature")}
}

// XML is the configuration as an element.
func (t *Thermal) XML(element string) string {
	b := "<" + element + ">" + t.Palette.xml() + writeText("tth:Polarity", t.Polarity)
	if t.NUC != nil {
		b += t.NUC.xml()
	}
	if t.Cooler != nil {
		b += "<tth:Cooler>" + writeBool("tth:Enabled", *t.Cooler) + writeFloat("tth:RunTime", t.CoolerRunTime) + "</tth:Cooler>"
	}
	return b + "</" + element + ">"
}

func (p Palette) xml() string {
	return `<tth:ColorPalette token="` + soap.Escape(p.Token) + `" Type="` + soap.Escape(p.Type) + `"><tth:Name>` + soap.Escape(p.Name) + "</tth:Name></tth:ColorPalette>"
}

func (n NUCTable) xml() string {
	return `<tth:NUCTable token="` + soap.Escape(n.Token) + `"` + attribute("LowTemperature", n.LowTemperature) + attribute("HighTemperature", n.HighTemperature) +
		"><tth:Name>" + soap.Escape(n.Name) + "</tth:Name></tth:NUCTable>"
}

// ThermalOptions are what a thermal configuration can be (tth:ConfigurationOptions).
type ThermalOptions struct {
	Palettes  []Palette
	NUCTables []NUCTable
	Cooler    bool
}

// ReadThermalOptions reads tth:ConfigurationOptions.
func ReadThermalOptions(n *soap.Node) (o ThermalOptions) {
	for _, k := range all(n, "ColorPalette") {
		o.Palettes = append(o.Palettes, readPalette(k))
	}
	for _, k := range all(n, "NUCTable") {
		o.NUCTables = append(o.NUCTables, readNUC(k))
	}
	o.Cooler = n.Find("CoolerOptions") != nil
	return o
}

// XML is the options as an element.
func (o *ThermalOptions) XML(element string) string {
	var b strings.Builder
	b.WriteString("<" + element + ">")
	for _, p := range o.Palettes {
		b.WriteString(p.xml())
	}
	for _, n := range o.NUCTables {
		b.WriteString(n.xml())
	}
	if o.Cooler {
		b.WriteString("<tth:CoolerOptions><tth:Enabled>true</tth:Enabled></tth:CoolerOptions>")
	}
	return b.String() + "</" + element + ">"
}

// Radiometry is what temperatures are reckoned with (tth:RadiometryGlobalParameters). Temperatures are kelvin, the distance
// metres, the humidity per cent, emissivity and transmittances 0 to 1.
type Radiometry struct {
	ReflectedAmbientTemperature, Emissivity, DistanceToObject *float64 // the schema wants these three
	RelativeHumidity                                          *float64
	AtmosphericTemperature, AtmosphericTransmittance          *float64
	ExtOpticsTemperature, ExtOpticsTransmittance              *float64
}

func (r *Radiometry) numbers() []named {
	return []named{{"ReflectedAmbientTemperature", &r.ReflectedAmbientTemperature}, {"Emissivity", &r.Emissivity}, {"DistanceToObject", &r.DistanceToObject},
		{"RelativeHumidity", &r.RelativeHumidity}, {"AtmosphericTemperature", &r.AtmosphericTemperature}, {"AtmosphericTransmittance", &r.AtmosphericTransmittance},
		{"ExtOpticsTemperature", &r.ExtOpticsTemperature}, {"ExtOpticsTransmittance", &r.ExtOpticsTransmittance}}
}

// ReadRadiometry reads tth:RadiometryConfiguration.
func ReadRadiometry(n *soap.Node) (r Radiometry) {
	for _, f := range r.numbers() {
		*f.value = optional(n, "RadiometryGlobalParameters", f.name)
	}
	return r
}

// XML is the configuration as an element.
func (r *Radiometry) XML(element string) string {
	b := "<" + element + "><tth:RadiometryGlobalParameters>"
	for _, f := range r.numbers() {
		b += writeFloat("tth:"+f.name, *f.value)
	}
	return b + "</tth:RadiometryGlobalParameters></" + element + ">"
}

// Over gives these parameters, with those of before where none is given.
func (r Radiometry) Over(was Radiometry) Radiometry {
	for i, f := range r.numbers() {
		if *f.value == nil {
			*f.value = *was.numbers()[i].value
		}
	}
	return r
}

// RadiometryOptions are what radiometry's parameters can be (tth:RadiometryGlobalParameterOptions).
type RadiometryOptions struct {
	ReflectedAmbientTemperature, Emissivity, DistanceToObject *Range
	RelativeHumidity                                          *Range
	AtmosphericTemperature, AtmosphericTransmittance          *Range
	ExtOpticsTemperature, ExtOpticsTransmittance              *Range
}

func (o *RadiometryOptions) ranges() []namedRange {
	return []namedRange{{"ReflectedAmbientTemperature", &o.ReflectedAmbientTemperature}, {"Emissivity", &o.Emissivity}, {"DistanceToObject", &o.DistanceToObject},
		{"RelativeHumidity", &o.RelativeHumidity}, {"AtmosphericTemperature", &o.AtmosphericTemperature}, {"AtmosphericTransmittance", &o.AtmosphericTransmittance},
		{"ExtOpticsTemperature", &o.ExtOpticsTemperature}, {"ExtOpticsTransmittance", &o.ExtOpticsTransmittance}}
}

// ReadRadiometryOptions reads tth:RadiometryConfigurationOptions.
func ReadRadiometryOptions(n *soap.Node) (o RadiometryOptions) {
	for _, f := range o.ranges() {
		*f.value = optionalRange(n.Find("RadiometryGlobalParameterOptions", f.name))
	}
	return o
}

// XML is the options as an element.
func (o *RadiometryOptions) XML(element string) string {
	b := "<" + element + "><tth:RadiometryGlobalParameterOptions>"
	for _, f := range o.ranges() {
		b += writeRange("tth:"+f.name, *f.value)
	}
	return b + "</tth:RadiometryGlobalParameterOptions></" + element + ">"
}

// Check tells whether parameters can be. The error is an *InvalidError, whose field is called as the schema calls it.
func (o *RadiometryOptions) Check(r Radiometry) error {
	may := o.ranges()
	for i, f := range r.numbers() {
		if err := inRange(f.name, *f.value, *may[i].value); err != nil {
			return err
		}
	}
	return nil
}

// Temperature is a reading of a spot or a box (Analytics specification, radiometry annex). Temperatures are kelvin.
type Temperature struct {
	Item                      string   // who reads: ItemID, else the module's name
	Spot                      *float64 // of a spot
	Max, Min, Average, Median *float64 // of a box
}

// ReadTemperatures finds the readings below an element: of a metadata stream, or of an event's message. Names are compared
// without namespace, since cameras write that of radiometry with https, too.
func ReadTemperatures(n *soap.Node) (list []Temperature) {
	module := ""
	var walk func(*soap.Node)
	walk = func(n *soap.Node) {
		if n == nil || len(list) >= maxList {
			return
		}
		if n.Name == "SimpleItem" && n.Attribute("Name") == "AnalyticsModuleName" {
			module = text(n.Attribute("Value"))
		}
		if t, ok := readTemperature(n); ok {
			if t.Item == "" {
				t.Item = module
			}
			list = append(list, t)
		}
		for _, k := range n.Kids {
			walk(k)
		}
	}
	walk(n)
	return list
}

func readTemperature(n *soap.Node) (Temperature, bool) {
	t := Temperature{Item: text(n.Attribute("ItemID")), Spot: optionalAttribute(n, "SpotTemperature"), Max: optionalAttribute(n, "MaxTemperature"),
		Min: optionalAttribute(n, "MinTemperature"), Average: optionalAttribute(n, "AverageTemperature"), Median: optionalAttribute(n, "MedianTemperature")}
	return t, t.Spot != nil || t.Max != nil && t.Min != nil
}
