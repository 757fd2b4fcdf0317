// Requests by net/http on HTTP/2 with prior knowledge, each on a connection of its own to a late server, with a fellow
// server in this process where whoever connects a second time comes to, as behind a load balancer.
//
// h2_client ADDRESS COUNT: COUNT times GET and POST; a line for each that failed, and how many did not.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

func protocols() *http.Protocols {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return protocols
}

func fellow() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	handler := func(writer http.ResponseWriter, request *http.Request) { io.Copy(writer, request.Body) }
	server := &http.Server{Protocols: protocols(), Handler: http.HandlerFunc(handler)}
	go server.Serve(listener)
	return listener.Addr().String()
}

func ask(method, late, fellow string) (string, error) {
	dials := 0
	dial := func(context context.Context, network, _ string) (net.Conn, error) {
		address := late
		if dials > 0 {
			address = fellow
		}
		dials++
		var dialer net.Dialer
		return dialer.DialContext(context, network, address)
	}
	transport := &http.Transport{Protocols: protocols(), DialContext: dial}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: 30 * time.Second}
	request, err := http.NewRequest(method, "http://server/", strings.NewReader(method))
	if err != nil {
		return "", err
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func main() {
	late, fellow := os.Args[1], fellow()
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	answered := make(chan int)
	for _, method := range []string{"GET", "POST"} {
		for range count {
			go func() {
				body, err := ask(method, late, fellow)
				if err != nil || body != method {
					fmt.Println(method, "failed:", body, err)
					answered <- 0
					return
				}
				answered <- 1
			}()
		}
	}
	sum := 0
	for range 2 * count {
		sum += <-answered
	}
	fmt.Println("answered", sum)
}
