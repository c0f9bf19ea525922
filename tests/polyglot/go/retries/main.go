// Calls a server that refuses each at first, and says what came of them.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"gestan.fr/compte/account"
	pb "gestan.fr/compte/account/v1"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/status"
)

func main() {
	server := flag.String("server", "", "where the service is")
	flag.Parse()
	connection, err := account.Connect(*server, "")
	if err != nil {
		log.Fatal(err)
	}
	accounts, ctx := pb.NewAccountServiceClient(connection), context.Background()
	_, err = accounts.Get(ctx, &pb.GetRequest{})
	tell("Get", err)
	_, err = accounts.Create(ctx, &pb.CreateRequest{})
	tell("Create", err)
	_, err = accounts.SetPassword(ctx, &pb.SetPasswordRequest{})
	tell("SetPassword", err)
	_, err = accounts.Update(ctx, &pb.UpdateRequest{})
	tell("Update", err)
	_, err = accounts.Confirm(ctx, &pb.ConfirmRequest{})
	tell("Confirm", err)
	_, err = pb.NewReferenceServiceClient(connection).ListCountries(ctx, &pb.ListCountriesRequest{})
	tell("ListCountries", err)
}

func tell(rpc string, err error) {
	fmt.Println(rpc, code.Code(status.Code(err)))
}
