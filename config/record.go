package config

import (
	"errors"
	"fmt"
)

// ParseRecord reads what is recorded of a camera, in the form that `record` has in the file, as YAML or JSON. What it leaves out has
// its default; an age that it leaves out is 0. Its error is Problems.
func ParseRecord(name string, data []byte) (Record, error) {
	r := newReader(name, nil)
	var v Record
	if root := r.document(data); root != nil {
		recordObject.read(r, place{line: 1, col: 1}, root, &v)
	}
	if len(r.problems) > 0 {
		return Record{}, r.problems.sorted()
	}
	return v, nil
}

// CheckRecord tells what of its recording does not fit a camera that did not come from a file, or the site's ages.
func (c Camera) CheckRecord(site Retention) error {
	var problems []error
	c.crossCheck(func(field, reason string) { problems = append(problems, fmt.Errorf("%s: %s", field, reason)) })
	r := c.Record
	r.inherit(site, site.EventMaxAge)
	switch {
	case r.MinAge > r.MaxAge && r.MaxAge > 0:
		problems = append(problems, fmt.Errorf("record.min_age: %s is promised, and footage is deleted after max_age, %s; allowed: at most max_age", r.MinAge, r.MaxAge))
	case r.EventMaxAge < r.MaxAge:
		problems = append(problems, fmt.Errorf("record.event_max_age: footage of events would be deleted after %s, before the rest, which is kept for %s; allowed: at least max_age", r.EventMaxAge, r.MaxAge))
	}
	return errors.Join(problems...)
}
