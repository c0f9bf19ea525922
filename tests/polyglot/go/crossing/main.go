// Calls at about the moment at which the server says goodbye to an idle connection; none may fail.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	pb "gestan.fr/compte/account/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const connections = 10

func main() {
	server := flag.String("server", "", "where the service is")
	pause := flag.Int("pause-ms", 1000, "from an answer to the next call, give or take a tenth of a second")
	calls := flag.Int("calls", 10, "how many each connection makes")
	flag.Parse()
	var all sync.WaitGroup
	for range connections {
		all.Go(func() { call(*server, *pause, *calls) })
	}
	all.Wait()
	fmt.Println(connections**calls, "calls")
}

func call(server string, pause, calls int) {
	connection, err := grpc.NewClient(server, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Println("failed:", err)
		return
	}
	defer connection.Close()
	client := pb.NewAccountServiceClient(connection)
	for range calls {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		// Without a token, which the service says.
		if _, err := client.Get(ctx, &pb.GetRequest{}); status.Code(err) != codes.Unauthenticated {
			fmt.Println("failed:", err)
		}
		cancel()
		time.Sleep(time.Duration(pause-100+rand.IntN(200)) * time.Millisecond)
	}
}
