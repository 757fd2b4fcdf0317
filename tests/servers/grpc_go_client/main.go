// gRPC calls by grpc-go without a pause, each on a connection of its own, until stdin ends: grpc_go_client RETRIES MS PORT...
//
// RETRIES is `on` (a retryPolicy for UNAVAILABLE) or `off` (none; grpc-go still sends again what no server has processed). The
// first call takes MS milliseconds, all others 10. Says `begun` when the first one is under way and the second answered, and
// in the end how many ended with which status, and what was said of those that failed, as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
)

const callers = 8

const policy = `{
	"loadBalancingConfig": [{"round_robin": {}}],
	"methodConfig": [{"name": [{}], "retryPolicy": {
		"maxAttempts": 5, "initialBackoff": "0.5s", "maxBackoff": "8s", "backoffMultiplier": 3,
		"retryableStatusCodes": ["UNAVAILABLE"]}}]
}`

// Bytes as they are, as the server has them.
type raw struct{}

func (raw) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }
func (raw) Unmarshal(bytes []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), bytes...)
	return nil
}
func (raw) Name() string { return "raw" }

var (
	lock     sync.Mutex
	statuses = map[string]int{}
	details  = map[string]bool{}
)

func call(milliseconds string) {
	servers := manual.NewBuilderWithScheme("test")
	var state resolver.State
	for _, port := range os.Args[3:] {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: "127.0.0.1:" + port})
	}
	servers.InitialState(state)
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithResolvers(servers),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})),
	}
	if os.Args[1] == "on" {
		options = append(options, grpc.WithDefaultServiceConfig(policy))
	} else {
		options = append(options, grpc.WithDisableRetry())
	}
	channel, err := grpc.NewClient("test:///servers", options...)
	if err != nil {
		panic(err)
	}
	defer channel.Close()
	within, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, answer := []byte(milliseconds), []byte{}
	err = channel.Invoke(within, "/test/Work", &request, &answer)
	lock.Lock()
	defer lock.Unlock()
	if err == nil && string(answer) != milliseconds {
		err = fmt.Errorf("another answer: %q", answer)
	}
	statuses[name(status.Code(err))]++
	if err != nil {
		details[err.Error()] = true
	}
}

// As other languages name it.
func name(code codes.Code) string {
	switch code {
	case codes.OK:
		return "OK"
	case codes.Unavailable:
		return "UNAVAILABLE"
	default:
		return code.String()
	}
}

func main() {
	var all sync.WaitGroup
	over := make(chan struct{})
	all.Go(func() { call(os.Args[2]) })
	call("10")
	for range callers {
		all.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					call("10")
				}
			}
		})
	}
	fmt.Println("begun")
	io.Copy(io.Discard, os.Stdin)
	close(over)
	all.Wait()
	said := []string{}
	for detail := range details {
		said = append(said, detail)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{"statuses": statuses, "details": said})
}
