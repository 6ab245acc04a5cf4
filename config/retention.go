package config

import "fmt"

// checkAges fills what is not said of ages, and holds them against each other: a promise that deletion by age breaks, or
// footage of events that goes before the rest, is a mistake of whoever wrote it.
func checkAges(r *reader, f found, c *Config) {
	site := &c.Retention
	told := site.EventMaxAge
	compareAges(r, f, "retention", site.MaxAge, site.EventMaxAge, site.MinAge)
	if site.EventMaxAge == 0 {
		site.EventMaxAge = site.MaxAge
	}
	for i := range c.Cameras {
		rec := &c.Cameras[i].Record
		own := rec.MaxAge != 0 || rec.EventMaxAge != 0 || rec.MinAge != 0
		rec.inherit(*site, told)
		if own {
			compareAges(r, f, fmt.Sprintf("cameras[%d].record", i), rec.MaxAge, rec.EventMaxAge, rec.MinAge)
		}
	}
}

// inherit fills the ages that a camera does not say from the site's. Footage of events is kept at least as long as the rest.
// told is the site's age of events as the file has it, 0 when it does not.
func (r *Record) inherit(site Retention, told Duration) {
	if r.MaxAge == 0 {
		r.MaxAge = site.MaxAge
	}
	if r.EventMaxAge == 0 {
		r.EventMaxAge = max(told, r.MaxAge)
	}
	if r.MinAge == 0 {
		r.MinAge = site.MinAge
	}
}

// compareAges reports ages that contradict each other, at the field that is in the file.
func compareAges(r *reader, f found, under string, longest, events, promised Duration) {
	if promised > longest && longest > 0 {
		r.problem(f.of(atAge(f, under, "min_age", "max_age")), "%s is promised, and footage is deleted after max_age, %s; allowed: at most max_age", promised, longest)
	}
	if events > 0 && events < longest {
		r.problem(f.of(atAge(f, under, "event_max_age", "max_age")), "footage of events would be deleted after %s, before the rest, which is kept for %s; allowed: at least max_age", events, longest)
	}
}

// atAge is the first of the fields that the file has.
func atAge(f found, under string, fields ...string) string {
	for _, name := range fields {
		if f.stands(under + "." + name) {
			return under + "." + name
		}
	}
	return under
}
