package gateway

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"holdfast/config"
	"holdfast/gateway/web"
	"holdfast/storage"
)

const (
	// planMargin is put on top of what footage needs: bit rates vary with light and season.
	planMargin = 1.05
	// planMeasured is from how long on a measured rate is preferred to the present bit rate.
	planMeasured = time.Hour
)

// StoragePlan tells what footage takes at the measured rates, and for how long the volumes have room.
func (g *Gateway) StoragePlan(ask web.PlanRequest) (p web.StoragePlan, err error) {
	forecasts, err := g.store.Forecasts()
	if err != nil {
		return p, fmt.Errorf("forecast what is kept: %w", err)
	}
	byCamera := make(map[string]storage.Forecast)
	for _, f := range forecasts {
		byCamera[f.Camera] = f
		p.Locked += f.Locked
	}
	p.Days = ask.Days
	single, full := 0.0, 0 // of one volume: of those that are recorded all the time
	for _, c := range g.list() {
		if len(c.recs) == 0 {
			continue
		}
		one := c.planned(byCamera[c.spec().ID])
		if f := byCamera[c.spec().ID]; one.By == "day" && (p.Measured == 0 || f.Measured.Seconds() < p.Measured) {
			p.Measured = f.Measured.Seconds()
		}
		now := c.bitrate() / 8
		if ask.Share > 0 && now > 0 {
			one.Rate, one.By = now*ask.Share*float64(copies(one.Mirror)), "now"
		}
		if ask.Mirror != nil && one.Rate > 0 {
			one.Rate = one.Rate / float64(copies(one.Mirror)) * float64(copies(*ask.Mirror))
			one.Mirror = *ask.Mirror
		}
		if now > 0 {
			single, full = single+now, full+1
		}
		p.Rate += one.Rate
		p.Cameras = append(p.Cameras, one)
	}
	p.Rate += float64(ask.More) * further(ask, single, full)
	for _, v := range g.store.Volumes() {
		if v.Usable() && v.Draining == nil {
			p.Used += v.Used
			p.Space += max(0, v.Used+v.Free-v.Spare)
		}
	}
	p.Needed = int64(p.Rate * ask.Days * 86400 * planMargin)
	p.Missing = max(0, p.Needed+p.Locked-p.Space)
	if p.Rate > 0 {
		p.Gives = float64(max(0, p.Space-p.Locked)) / p.Rate / 86400 / planMargin
	}
	p.Says = planSays(p)
	return p, nil
}

// further is what a further camera writes, bytes per second.
func further(ask web.PlanRequest, single float64, full int) float64 {
	rate := ask.Bitrate / 8
	if rate == 0 && full > 0 {
		rate = single / float64(full)
	}
	if ask.Share > 0 {
		rate *= ask.Share
	}
	if ask.Mirror != nil {
		rate *= float64(copies(*ask.Mirror))
	}
	return rate
}

func copies(mirror bool) int { return 1 + bit(mirror) }

// bitrate is what the streams that are recorded send at present, bits per second.
func (c *Camera) bitrate() (n float64) {
	for _, f := range c.feeds {
		if c.records(f.id) {
			n += f.stream.Info().Bitrate
		}
	}
	return n
}

// planned is what a camera writes: as it was measured over a day, or while that is not known as its streams come.
func (c *Camera) planned(f storage.Forecast) web.PlanCamera {
	r := c.spec().Record
	one := web.PlanCamera{Camera: c.spec().ID, Name: c.spec().Name, Mode: r.Mode, Mirror: r.Mirror, By: "none"}
	switch now := c.bitrate() / 8 * float64(copies(r.Mirror)); {
	case f.Rate > 0 && (f.Measured >= planMeasured || r.Mode != config.Continuous):
		one.Rate, one.By = f.Rate, "day"
	case now > 0:
		one.Rate, one.By = now, "now"
	case f.Rate > 0:
		one.Rate, one.By = f.Rate, "day"
	}
	return one
}

func planSays(p web.StoragePlan) string {
	switch {
	case p.Rate == 0:
		return "Nothing is recorded yet, so that nothing can be said."
	case p.Missing > 0:
		return fmt.Sprintf("To keep %s days %s are needed; the volumes lack %s, and have room for %s days.", tenths(p.Days), size(p.Needed), size(p.Missing), tenths(p.Gives))
	}
	return fmt.Sprintf("To keep %s days %s are needed, and the volumes have room for %s days.", tenths(p.Days), size(p.Needed), tenths(p.Gives))
}

// tenths is a number with one decimal where it is below ten, and none above: as the viewer writes it beside.
func tenths(n float64) string {
	if n >= 10 {
		return strconv.FormatFloat(math.Round(n), 'f', -1, 64)
	}
	return strconv.FormatFloat(math.Round(10*n)/10, 'f', -1, 64)
}

// size is a number of bytes as disks are sold, rounded as the viewer does.
func size(n int64) string {
	v, unit := float64(n), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB", "PB"} {
		if v < 1000 {
			break
		}
		v, unit = v/1000, u
	}
	return tenths(v) + " " + unit
}
