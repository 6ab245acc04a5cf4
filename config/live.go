package config

import (
	"fmt"
	"strconv"
)

// maxTranscoded bounds the streams that may be transcoded at once: each takes about a processor.
const maxTranscoded = 64

var liveObject = &object[Live]{
	doc: "Live pictures.",
	fields: []field[Live]{
		setting("transcode", transcodeObject.kind(), func(l *Live) *Transcode { return &l.Transcode },
			"Making H.264 of live pictures that a browser cannot play.").defaults("{}").groups(transcodeObject.table("live.transcode"), false),
	},
}

var transcodeObject = &object[Transcode]{
	doc: "Where a browser can play neither the stream that is wanted nor another one of the camera (H.265 without an H.264 sub stream), the gateway makes a smaller H.264 picture of it with ffmpeg, while somebody watches. Recording is never transcoded.",
	fields: []field[Transcode]{
		setting("allow", yesNo(), func(t *Transcode) *bool { return &t.Allow },
			"Transcode where it is needed or chosen, if ffmpeg is installed. It takes up to a processor for each stream, which recording may need: `false` leaves such pictures to browsers that play H.265.").
			defaults("false").insteadOf("enabled", "enable"),
		setting("most", upTo(maxTranscoded), func(t *Transcode) *int { return &t.Most },
			"Streams transcoded at once, whoever watches them; one more is refused.").defaults("2").insteadOf("max", "limit"),
	},
}

// upTo is a whole number from 1 on.
func upTo(most int) kind[int] {
	return scalar(fmt.Sprintf("1 to %d", most), map[string]any{"type": "integer", "minimum": 1, "maximum": most}, func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > most {
			return 1, fmt.Errorf("is %q", clip(s))
		}
		return n, nil
	})
}
