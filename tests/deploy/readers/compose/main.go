// Says what Docker Compose reads in a file, or why it does not: by the library that `docker compose` reads it with.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	options, err := cli.NewProjectOptions(os.Args[1:], cli.WithName("read"), cli.WithoutEnvironmentResolution)
	if err == nil {
		project, failure := options.LoadProject(context.Background())
		if err = failure; err == nil {
			text, _ := project.MarshalJSON()
			fmt.Printf("%s\n", text)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
