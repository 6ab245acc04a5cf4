package auth

import (
	"fmt"

	"rsc.io/qr"
)

// QR is a picture of the URI for an authenticator's camera: a PNG in black on white, with the quiet zone around it that
// the standard asks for (ISO/IEC 18004). It is a secret as the URI is.
func (t TOTP) QR(site, account string) ([]byte, error) {
	code, err := qr.Encode(t.URI(site, account), qr.M)
	if err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return code.PNG(), nil
}
