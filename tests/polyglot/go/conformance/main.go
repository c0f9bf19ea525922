// Makes the calls of ../../cases.json and prints what came of them, a line each.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gestan.fr/compte/account"
	pb "gestan.fr/compte/account/v1"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// step is a call, or a word to the test.
type step struct {
	Advance  int
	Mail     string
	Case     string
	Times    *int
	Call     string
	Token    string
	Language string
	Deadline *int64 `json:"deadline_ms"`
	Request  json.RawMessage
	Keep     json.RawMessage
	Show     []string
}

type runner struct {
	connection *grpc.ClientConn
	control    *bufio.ReadWriter
	kept       map[string]string
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

func main() {
	server, ca := flag.String("server", "", ""), flag.String("ca", "", "")
	control, cases := flag.String("control", "", ""), flag.String("cases", "", "")
	flag.Parse()
	connection, err := account.Connect(*server, *ca)
	check(err)
	channel, err := net.Dial("tcp", *control)
	check(err)
	text, err := os.ReadFile(*cases)
	check(err)
	var file struct{ Steps []step }
	check(json.Unmarshal(text, &file))
	run := &runner{connection, bufio.NewReadWriter(bufio.NewReader(channel), bufio.NewWriter(channel)), map[string]string{}}
	for _, step := range file.Steps {
		run.step(step)
	}
}

func (r *runner) step(s step) {
	switch {
	case s.Advance != 0:
		r.ask(fmt.Sprintf("advance %d", s.Advance))
	case s.Mail != "":
		var name string
		check(json.Unmarshal(s.Keep, &name))
		r.kept[name] = r.ask("mail " + s.Mail)
	default:
		times := 1
		if s.Times != nil {
			times = *s.Times
		}
		for range times {
			fmt.Println(strings.Join(append([]string{s.Case}, r.call(s)...), "\t"))
		}
	}
}

// ask says one line to the test, which moves the clock and reads the mail.
func (r *runner) ask(line string) string {
	_, err := r.control.WriteString(line + "\n")
	check(err)
	check(r.control.Flush())
	answer, err := r.control.ReadString('\n')
	check(err)
	return strings.TrimSpace(answer)
}

func (r *runner) call(s step) []string {
	service := pb.File_gestan_account_v1_account_service_proto.Services().ByName("AccountService")
	method := service.Methods().ByName(protoreflect.Name(s.Call))
	if method == nil {
		service = pb.File_gestan_account_v1_reference_service_proto.Services().ByName("ReferenceService")
		method = service.Methods().ByName(protoreflect.Name(s.Call))
	}
	request, response := dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output())
	check(protojson.Unmarshal([]byte(r.fillIn(string(s.Request))), request))
	deadline := 10 * time.Second
	if s.Deadline != nil {
		deadline = time.Duration(*s.Deadline) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if s.Token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+r.fillIn(s.Token))
	}
	if s.Language != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "accept-language", s.Language)
	}
	path := fmt.Sprintf("/%s/%s", service.FullName(), s.Call)
	if err := r.connection.Invoke(ctx, path, request, response); err != nil {
		return append(refusal(err), "-")
	}
	answer := fields(response)
	keep := map[string]string{}
	if s.Keep != nil {
		check(json.Unmarshal(s.Keep, &keep))
	}
	for name, path := range keep {
		r.kept[name] = lookUp(answer, path)
	}
	var shown []string
	for _, path := range s.Show {
		shown = append(shown, lookUp(answer, path))
	}
	return []string{"OK", "-", "-", "-", "-", orNone(strings.Join(shown, "; "))}
}

// fillIn puts what was kept in the place of `${name}`.
func (r *runner) fillIn(text string) string {
	return variable.ReplaceAllStringFunc(text, func(match string) string {
		return r.kept[variable.FindStringSubmatch(match)[1]]
	})
}

// refusal gives code, reason, violations, retry delay and language.
func refusal(err error) []string {
	reason, violations, retry, locale := "-", "-", "-", "-"
	status := status.Convert(err)
	for _, detail := range status.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			reason = detail.Reason
		case *errdetails.BadRequest:
			var all []string
			for _, violation := range detail.FieldViolations {
				all = append(all, violation.Field+"="+violation.Reason)
			}
			slices.Sort(all)
			violations = strings.Join(all, " ")
		case *errdetails.RetryInfo:
			text, err := protojson.Marshal(detail.RetryDelay)
			check(err)
			retry = strings.Trim(string(text), `"`)
		case *errdetails.LocalizedMessage:
			locale = detail.Locale
		}
	}
	return []string{code.Code(status.Code()).String(), reason, violations, retry, locale}
}

// fields gives a message as protobuf's JSON has it.
func fields(message proto.Message) (answer any) {
	text, err := protojson.Marshal(message)
	check(err)
	check(json.Unmarshal(text, &answer))
	return answer
}

// lookUp gives the value at a path; `-` when there is none.
func lookUp(answer any, path string) string {
	for _, name := range strings.Split(path, ".") {
		switch inner := answer.(type) {
		case map[string]any:
			answer = inner[name]
		case []any:
			number, err := strconv.Atoi(name)
			check(err)
			answer = nil
			if number < len(inner) {
				answer = inner[number]
			}
		}
	}
	if answer == nil {
		return "-"
	}
	return fmt.Sprint(answer)
}

func orNone(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
