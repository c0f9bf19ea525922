// Package account is the way to Gestan's account service, and to the details of its refusals. The messages
// and stubs in gestan.fr/compte/account/v1 are generated from the proto files, whose comments are the
// reference of the API.
package account

import (
	_ "embed"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// What follows makes the code, with buf on the path, and brings the service config and the licences.
//
//go:generate buf generate
//go:generate cp ../../../proto/service_config.json ../../../LICENSE-APACHE ../../../LICENSE-MIT .

// Version is that of the API and of all its clients.
const Version = "0.1.0"

//go:embed service_config.json
var serviceConfig string

// Connect gives a channel to the service, such as compte.example.fr:443, with a timeout for every call, and
// repeats where the contract makes them harmless. Options come after its own, and so have the last word.
//
// TLS is for every server but one's own, localhost or 127.0.0.1; with ca, the PEM file of an authority, for
// that one as well. Without, the system's roots are trusted.
func Connect(target, ca string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	trusted, err := credentialsFor(target, ca)
	if err != nil {
		return nil, err
	}
	own := []grpc.DialOption{
		grpc.WithTransportCredentials(trusted),
		grpc.WithDefaultServiceConfig(serviceConfig),
		// No other config is looked for in DNS.
		grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("gestan-account-go/" + Version),
	}
	return grpc.NewClient(target, append(own, options...)...)
}

func credentialsFor(target, ca string) (credentials.TransportCredentials, error) {
	switch {
	case ca != "":
		return credentials.NewClientTLSFromFile(ca, "")
	case strings.HasPrefix(target, "localhost:") || strings.HasPrefix(target, "127.0.0.1:"):
		return insecure.NewCredentials(), nil
	default:
		return credentials.NewTLS(nil), nil
	}
}

// Detail gives the one detail of its kind that came with a refusal, such as *errdetails.ErrorInfo, or nil,
// whose getters give zero values.
func Detail[T any](err error) (found T) {
	for _, each := range status.Convert(err).Details() {
		if typed, ok := each.(T); ok {
			return typed
		}
	}
	return found
}
