package auth

import "context"

// Login signs in without a code.
func (b *bench) Login(ctx context.Context, at Attempt, name, password string) (Session, error) {
	return b.Auth.Login(ctx, at, Credentials{Name: name, Password: password})
}
