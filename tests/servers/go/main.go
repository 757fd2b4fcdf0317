// The paths of app.py on Go's net/http. At TERM it does what net/http's manual says: Shutdown, and wait for it; with
// `abrupt` as its second argument nothing, as a program that was never told of signals.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const slow = 500 * time.Millisecond

// As pattern.py.
var block = func() []byte {
	block := make([]byte, 65521)
	for k := range block {
		block[k] = byte(k ^ k>>8)
	}
	return block
}()

func number(request *http.Request, name string, otherwise int) int {
	if value, err := strconv.Atoi(request.URL.Query().Get(name)); err == nil {
		return value
	}
	return otherwise
}

func milliseconds(request *http.Request, otherwise int) time.Duration {
	return time.Duration(number(request, "ms", otherwise)) * time.Millisecond
}

func answer(writer http.ResponseWriter, body []byte) {
	writer.Header().Set("Content-Type", "text/plain")
	writer.Header().Set("Content-Length", strconv.Itoa(len(body)))
	writer.Write(body)
}

func paced(contentType, line string) http.HandlerFunc {
	return func(writer http.ResponseWriter, request *http.Request) {
		writer.Header().Set("Content-Type", contentType)
		flush := http.NewResponseController(writer)
		flush.Flush()
		for k := range number(request, "n", 0) {
			time.Sleep(milliseconds(request, 0))
			fmt.Fprintf(writer, line, k)
			flush.Flush()
		}
	}
}

func big(writer http.ResponseWriter, request *http.Request) {
	size := number(request, "bytes", 0)
	writer.Header().Set("Content-Type", "application/octet-stream")
	writer.Header().Set("Content-Length", strconv.Itoa(size))
	for ; size > 0; size -= len(block) {
		if _, err := writer.Write(block[:min(size, len(block))]); err != nil {
			return
		}
	}
}

func echo(writer http.ResponseWriter, request *http.Request) {
	if body, err := io.ReadAll(request.Body); err == nil {
		answer(writer, body)
	}
}

// A port of the loopback interface, or fd://3 for a socket that was handed over.
func listen(at string) (net.Listener, error) {
	if fd, handedOver := strings.CutPrefix(at, "fd://"); handedOver {
		number, err := strconv.Atoi(fd)
		if err != nil {
			return nil, err
		}
		return net.FileListener(os.NewFile(uintptr(number), at))
	}
	return net.Listen("tcp", "127.0.0.1:"+at)
}

func main() {
	work := 20
	if value, err := strconv.Atoi(os.Getenv("WORK_MS")); err == nil {
		work = value
	}
	http.HandleFunc("/{$}", func(writer http.ResponseWriter, request *http.Request) {
		time.Sleep(milliseconds(request, work))
		answer(writer, []byte("ok"))
	})
	http.HandleFunc("/slow", func(writer http.ResponseWriter, _ *http.Request) {
		time.Sleep(slow)
		answer(writer, []byte("ok"))
	})
	http.HandleFunc("/pid", func(writer http.ResponseWriter, _ *http.Request) {
		answer(writer, []byte(strconv.Itoa(os.Getpid())))
	})
	http.HandleFunc("/poll", func(writer http.ResponseWriter, request *http.Request) {
		time.Sleep(milliseconds(request, 0))
		answer(writer, []byte("polled"))
	})
	http.HandleFunc("/echo", echo)
	http.HandleFunc("/stream", paced("text/event-stream", "data: %d\n\n"))
	http.HandleFunc("/close", paced("text/plain", "line %d\n"))
	http.HandleFunc("/big", big)

	server := http.Server{}
	listener, err := listen(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	stopped := make(chan struct{})
	if len(os.Args) > 2 && os.Args[2] == "abrupt" {
		log.Fatal(server.Serve(listener))
	}
	go func() {
		term := make(chan os.Signal, 1)
		signal.Notify(term, syscall.SIGTERM)
		<-term
		if err := server.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
		close(stopped)
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-stopped
}
