// Package account holds nothing but the way to generate the client: buf must be on the path.
package account

//go:generate buf generate
