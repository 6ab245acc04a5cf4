package config

import (
	"errors"
	"fmt"
)

var exportsObject = &object[Exports]{
	doc: "Evidence packages, encrypted, from when they are made to when they are removed.",
	fields: []field[Exports]{
		setting("directory", directory(), func(e *Exports) *string { return &e.Directory },
			"Directory for exports. It is made if it is missing. A volume of footage is no place for it: retention does not count what lies there.").otherwise("`exports` in the data directory").insteadOf("dir", "path"),
		setting("keep", age(), func(e *Exports) *Duration { return &e.Keep },
			"A finished export is removed after this time. Whoever needs it longer downloads it.").defaults("7d").insteadOf("max_age", "expiry"),
		setting("quota", quota(), func(e *Exports) *Size { return &e.Quota },
			"Space that all exports together may have. An order that would need more is refused, and so is one for which the disk has no room.").defaults("50GiB").insteadOf("max_size", "space"),
	},
}

// quota is an amount of space in bytes.
func quota() kind[Size] {
	return scalar("a size such as 50GiB, at least 100MB", pattern(`^[0-9.]+ ?([kMGTP]B|[KMGTP]iB)$`), func(s string) (Size, error) {
		z, err := ParseSize(s)
		switch {
		case err != nil:
			return z, err
		case z.Percent > 0:
			return z, errors.New("is a share; say how many bytes")
		case z.Bytes < 100e6:
			return z, fmt.Errorf("%s is too little for a clip", z)
		}
		return z, nil
	})
}
