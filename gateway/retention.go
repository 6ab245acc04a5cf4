package gateway

import (
	"fmt"
	"time"

	"holdfast/gateway/web"
	"holdfast/storage"
)

// Retention tells how long the footage of each camera is kept: of those that there are, and of those that were.
func (g *Gateway) Retention() ([]web.Kept, error) {
	forecasts, err := g.store.Forecasts()
	if err != nil {
		return nil, fmt.Errorf("forecast what is kept: %w", err)
	}
	byCamera := make(map[string]storage.Forecast, len(forecasts))
	for _, f := range forecasts {
		byCamera[f.Camera] = f
	}
	list := []web.Kept{}
	for _, c := range g.list() {
		f, ok := byCamera[c.spec().ID]
		if !ok {
			f = storage.Forecast{Camera: c.spec().ID, Ages: g.store.Ages(c.spec().ID)}
		}
		delete(byCamera, c.spec().ID)
		list = append(list, keptOf(f, c.spec().Name, g.now()))
	}
	for _, f := range forecasts { // in their order: those that are left have no camera any more
		if _, left := byCamera[f.Camera]; left && !f.Oldest.IsZero() {
			list = append(list, keptOf(f, "", g.now()))
		}
	}
	return list, nil
}

// ConfirmClock says that a person has looked at the clock.
func (g *Gateway) ConfirmClock() {
	g.store.ConfirmClock()
	g.changes.publish(Change{Kind: "health"})
}

func keptOf(f storage.Forecast, name string, now time.Time) web.Kept {
	k := web.Kept{Camera: f.Camera, Name: name, MaxAge: f.Ages.Max.Seconds(), EventMaxAge: f.Ages.Event.Seconds(), MinAge: f.Ages.Min.Seconds(),
		Rate: f.Rate, Measured: f.Measured.Seconds(), Keeps: f.Keeps.Seconds(), BySpace: f.BySpace, Locked: f.Locked, Short: f.Short(), Says: says(f, now)}
	if !f.Oldest.IsZero() {
		k.Oldest = &f.Oldest
	}
	if !f.Broken.IsZero() {
		k.BrokenUntil = &f.Until
	}
	return k
}

// says puts a forecast into one sentence.
func says(f storage.Forecast, now time.Time) (text string) {
	switch {
	case f.Oldest.IsZero():
		return "Nothing is kept of it."
	case f.Keeps == 0:
		text = "It is not known yet how long footage is kept"
	case f.BySpace:
		text = fmt.Sprintf("Kept for %s at the present rate", storage.Days(f.Keeps))
	default:
		text = fmt.Sprintf("Kept for %s, its maximum age", storage.Days(f.Keeps))
	}
	if f.Ages.Min > 0 {
		text += fmt.Sprintf(", %s promised", storage.Days(f.Ages.Min))
	}
	text += fmt.Sprintf(". The oldest is of %s ago.", storage.Days(now.Sub(f.Oldest)))
	if !f.Broken.IsZero() {
		text += fmt.Sprintf(" Footage up to %s went before its promised age, because space was needed.", f.Broken.Format("2006-01-02 15:04 UTC"))
	}
	return text
}
