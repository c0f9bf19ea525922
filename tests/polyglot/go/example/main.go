// A customer's way through the account service, from the first mail to the last call.
//
//	go run ./example -server localhost:50051 -mails ../../../data/mail
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"gestan.fr/compte/account"
	pb "gestan.fr/compte/account/v1"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

const password = "quatre bateaux verts dansent"

var code = regexp.MustCompile(`\b(?:[0-9A-Z]{4}-){2}[0-9A-Z]{4}\b`)

func main() {
	server := flag.String("server", "localhost:50051", "where the service is")
	ca := flag.String("ca", "", "a PEM file: the authority to trust")
	mails := flag.String("mails", "data/mail", "where that server writes its mails")
	email := flag.String("email", "jeanne@exemple.fr", "the customer's address")
	flag.Parse()

	connection := must(account.Connect(*server, *ca))
	client := pb.NewAccountServiceClient(connection)
	stranger := metadata.AppendToOutgoingContext(context.Background(), "accept-language", "fr-FR")
	machine := &pb.Machine{Id: uuid.NewString(), Name: "Caisse 1"}

	created := must(client.Create(stranger, &pb.CreateRequest{RequestId: uuid.NewString(), Email: *email, Machine: machine}))
	confirmed := must(client.Confirm(stranger, &pb.ConfirmRequest{
		ChallengeId: created.ChallengeId, Code: must(codeFromMail(*mails, *email))}))
	linked := must(client.SetPassword(stranger, &pb.SetPasswordRequest{Ticket: confirmed.Ticket, NewPassword: password}))
	fmt.Println("linked to account", linked.Account.Id)

	// The machine keeps the token, and sends it with every call from now on.
	caisse := metadata.AppendToOutgoingContext(stranger, "authorization", "Bearer "+linked.LinkToken)
	shown := must(client.Get(caisse, &pb.GetRequest{})).Account
	change := &pb.UpdateRequest{
		Account:    &pb.Account{Etag: shown.Etag, City: "Nîmes", PostalCode: "30000"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"city", "postal_code"}},
		Password:   password,
	}
	shown = must(client.Update(caisse, change)).Account
	fmt.Println("updated:", shown.PostalCode, shown.City)

	change.Account.Etag, change.Account.CountryCode = shown.Etag, "FRE"
	change.UpdateMask.Paths = append(change.UpdateMask.Paths, "country_code")
	_, err := client.Update(caisse, change)
	for _, violation := range account.Detail[*errdetails.BadRequest](err).GetFieldViolations() {
		// 0 for a reason that is newer than this client.
		reason := pb.ViolationReason(pb.ViolationReason_value[violation.GetReason()])
		fmt.Println("refused:", violation.GetField(), reason)
	}

	guess := &pb.RegisterExistingRequest{AccountId: shown.Id, Secret: "un mot de passe faux", Machine: machine}
	for range 6 {
		_, err := client.RegisterExisting(stranger, guess)
		if status.Code(err) == codes.ResourceExhausted {
			reason := pb.ErrorReason(pb.ErrorReason_value[account.Detail[*errdetails.ErrorInfo](err).GetReason()])
			wait := account.Detail[*errdetails.RetryInfo](err).GetRetryDelay().AsDuration()
			fmt.Printf("throttled: %v, retry in %.0f s\n", reason, math.Ceil(wait.Seconds()))
		}
	}
	must(client.Unlink(caisse, &pb.UnlinkRequest{}))
	fmt.Println("unlinked")
}

// must ends this example with the first error; a real program shows it and goes on.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// codeFromMail stands in for the person who reads the mail, with a server that writes it to a file.
func codeFromMail(folder, email string) (string, error) {
	for range 300 {
		files, _ := filepath.Glob(filepath.Join(folder, "*.eml"))
		slices.SortFunc(files, func(a, b string) int { return modified(b).Compare(modified(a)) })
		for _, file := range files {
			mail, err := os.ReadFile(file)
			if code := code.Find(mail); err == nil && code != nil && bytes.Contains(mail, []byte("To: "+email)) {
				return string(code), nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", errors.New("no mail has come")
}

func modified(file string) (when time.Time) {
	if info, err := os.Stat(file); err == nil {
		when = info.ModTime()
	}
	return when
}
