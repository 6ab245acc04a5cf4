package gateway

import (
	"fmt"
	"net"
	"regexp"
	"strings"

	"holdfast/onvif"
)

// naming is what the names of several devices that are added at once are made of, beside what a person typed.
type naming struct {
	number int    // of the device in the list
	called string // what discovery calls it
	whole  bool   // words in braces stand for something; of one device that is added alone they are its name
}

// nameWord is a word in braces: {n}, {maker}.
var nameWord = regexp.MustCompile(`\{(n{1,4}|maker|model|host|name)\}`)

// name makes the name of a device. What the device says of itself is put on one line, and the whole cut to what a person may type.
func (p naming) name(pattern, address string, dev *onvif.Device) string {
	if !p.whole || !strings.Contains(pattern, "{") {
		return pattern
	}
	name := nameWord.ReplaceAllStringFunc(pattern, func(word string) string {
		switch word = word[1 : len(word)-1]; word {
		case "maker":
			return oneLine(dev.Manufacturer)
		case "model":
			return oneLine(dev.Model)
		case "host":
			host, _, err := net.SplitHostPort(onvif.HostPort(address))
			if err != nil {
				return onvif.HostPort(address)
			}
			return host
		case "name":
			return oneLine(p.called)
		}
		return fmt.Sprintf("%0*d", len(word), p.number)
	})
	name = oneLine(name)
	return strings.TrimSpace(strings.ToValidUTF8(name[:min(len(name), maxText)], ""))
}
