package gateway

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"holdfast/gateway/web"
	"holdfast/onvif"
)

// Thermal tells how a thermal camera makes its picture and measures.
func (g *Gateway) Thermal(ctx context.Context, camera string) (w web.Thermal, err error) {
	err = g.control(ctx, camera, func(ctx context.Context, c *onvif.Client, source string) (err error) {
		w, err = thermalOf(ctx, c, source)
		return err
	})
	g.addReadings(camera, &w)
	return w, err
}

// SetThermal changes what is given of that.
func (g *Gateway) SetThermal(ctx context.Context, camera string, change web.ThermalChange) (w web.Thermal, err error) {
	err = g.control(ctx, camera, func(ctx context.Context, c *onvif.Client, source string) (err error) {
		if source, err = thermalSource(ctx, c, source); err != nil {
			return err
		}
		if want := (onvif.ThermalChange{Palette: change.Palette, NUC: change.NUCTable, Polarity: change.Polarity, Cooler: change.Cooler}); want != (onvif.ThermalChange{}) {
			if _, err = c.SetThermal(ctx, source, want); err != nil {
				return err
			}
		}
		if change.Radiometry != nil {
			if _, err = c.SetRadiometry(ctx, source, onvif.Radiometry(*change.Radiometry)); err != nil {
				return err
			}
		}
		w, err = thermalOf(ctx, c, source)
		return err
	})
	g.addReadings(camera, &w)
	return w, err
}

// thermalSource is the thermal video source of a camera: its own where that is one, else the first of the device.
func thermalSource(ctx context.Context, c *onvif.Client, source string) (string, error) {
	list, err := c.ThermalSources(ctx)
	if err != nil {
		return "", err
	}
	if len(list) == 0 || slices.Contains(list, source) {
		return source, nil
	}
	return list[0], nil
}

func thermalOf(ctx context.Context, c *onvif.Client, source string) (w web.Thermal, err error) {
	if source, err = thermalSource(ctx, c, source); err != nil {
		return w, err
	}
	t, err := c.Thermal(ctx, source)
	if err != nil {
		return w, err
	}
	may, err := c.ThermalOptions(ctx, source)
	if err != nil {
		return w, err
	}
	w = web.Thermal{Palette: t.Palette.Token, Palettes: []web.Named{}, Polarity: t.Polarity, NUCTables: []web.NUCTable{}, Cooler: t.Cooler}
	if t.NUC != nil {
		w.NUCTable = t.NUC.Token
	}
	for _, p := range may.Palettes {
		w.Palettes = append(w.Palettes, web.Named{Token: p.Token, Name: p.Name, Type: p.Type})
	}
	for _, n := range may.NUCTables {
		w.NUCTables = append(w.NUCTables, web.NUCTable{Token: n.Token, Name: n.Name, Low: n.LowTemperature, High: n.HighTemperature})
	}
	w.Radiometry, err = measuresOf(ctx, c, source)
	return w, err
}

// measuresOf tells what temperatures are reckoned with; nil where the camera does not measure.
func measuresOf(ctx context.Context, c *onvif.Client, source string) (*web.ThermalMeasures, error) {
	r, err := c.Radiometry(ctx, source)
	var e *onvif.Error
	if errors.As(err, &e) && e.Class == onvif.Refused {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	may, err := c.RadiometryOptions(ctx, source)
	if err != nil {
		return nil, err
	}
	o := options{}
	o.number("reflected_ambient_temperature", may.ReflectedAmbientTemperature)
	o.number("emissivity", may.Emissivity)
	o.number("distance_to_object", may.DistanceToObject)
	o.number("relative_humidity", may.RelativeHumidity)
	o.number("atmospheric_temperature", may.AtmosphericTemperature)
	o.number("atmospheric_transmittance", may.AtmosphericTransmittance)
	o.number("ext_optics_temperature", may.ExtOpticsTemperature)
	o.number("ext_optics_transmittance", may.ExtOpticsTransmittance)
	return &web.ThermalMeasures{Radiometry: web.Radiometry(r), Options: o}, nil
}

// maxReadings bounds the spots and boxes of a camera whose last reading is kept.
const maxReadings = 64

// read keeps what a camera reports of temperatures, inputs and relays.
func (s *steering) read(n *onvif.Notification) {
	s.warm(n.Temperatures(), n.At)
	s.pins(n)
	if n.ChangesConfiguration() {
		for _, x := range s.c.unit.siblings() { // whichever camera of the device hears it: the message names no video source
			x.places.changed()
		}
	}
}

// warm keeps temperatures of a moment.
func (s *steering) warm(list []onvif.Temperature, at time.Time) {
	if len(list) > 0 {
		s.c.places.wanted()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range list {
		if _, known := s.heat[t.Item]; known || len(s.heat) < maxReadings {
			s.heat[t.Item] = readingOf(t, at)
		}
	}
}

func readingOf(t onvif.Temperature, at time.Time) web.Reading {
	return web.Reading{Item: t.Item, At: at.UTC(), Spot: t.Spot, Max: t.Max, Min: t.Min, Average: t.Average, Median: t.Median}
}

// warmth gives the last reading of each spot and box, in the order of their names.
func (s *steering) warmth() []web.Reading {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Collect(maps.Values(s.heat))
	slices.SortFunc(list, func(a, b web.Reading) int { return strings.Compare(a.Item, b.Item) })
	return list
}

// addReadings adds the last readings of a camera, in the order of their names.
func (g *Gateway) addReadings(camera string, w *web.Thermal) {
	w.Readings = []web.Reading{}
	s, err := g.steeringOf(camera)
	if err != nil {
		return
	}
	w.Readings = append(w.Readings, s.warmth()...)
	s.c.places.put(w.Readings, s.c.scene.looks.Load())
	w.Unplaced = s.c.places.unknown()
}
