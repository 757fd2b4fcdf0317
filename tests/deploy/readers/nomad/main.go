// Says whether a job file is what Nomad knows: HCL by HashiCorp's own parser, its blocks and attributes by the types of Nomad's API.
// Nomad's own parser has a licence that a test cannot bring along.
package main

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/nomad/api"
)

// The field of a struct that HCL calls by this name.
func field(of reflect.Type, name string) (reflect.Type, bool) {
	for i := range of.NumField() {
		tag, _, _ := strings.Cut(of.Field(i).Tag.Get("hcl"), ",")
		if tag == name {
			kind := of.Field(i).Type
			for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice {
				kind = kind.Elem()
			}
			return kind, true
		}
	}
	return nil, false
}

// What is not known in a body of this type.
func unknown(body *hclsyntax.Body, of reflect.Type, path string) (found []string) {
	if of.Kind() != reflect.Struct {
		// A map: the driver's own configuration.
		return nil
	}
	for name, attribute := range body.Attributes {
		kind, known := field(of, name)
		if !known {
			found = append(found, fmt.Sprintf("%s: %s has no attribute %q", attribute.NameRange, path, name))
			continue
		}
		if value, _ := attribute.Expr.Value(nil); kind == reflect.TypeFor[time.Duration]() {
			if _, err := time.ParseDuration(value.AsString()); err != nil {
				found = append(found, fmt.Sprintf("%s: %s", attribute.NameRange, err))
			}
		}
	}
	for _, block := range body.Blocks {
		kind, known := field(of, block.Type)
		if !known {
			found = append(found, fmt.Sprintf("%s: %s has no block %q", block.TypeRange, path, block.Type))
			continue
		}
		found = append(found, unknown(block.Body, kind, path+"/"+block.Type)...)
	}
	return found
}

func main() {
	file, diagnostics := hclparse.NewParser().ParseHCLFile(os.Args[1])
	if diagnostics.HasErrors() {
		fmt.Fprintln(os.Stderr, diagnostics)
		os.Exit(1)
	}
	root := file.Body.(*hclsyntax.Body)
	if len(root.Blocks) != 1 || root.Blocks[0].Type != "job" {
		fmt.Fprintln(os.Stderr, "no job")
		os.Exit(1)
	}
	if found := unknown(root.Blocks[0].Body, reflect.TypeFor[api.Job](), "job"); len(found) > 0 {
		fmt.Fprintln(os.Stderr, strings.Join(found, "\n"))
		os.Exit(1)
	}
	fmt.Println("read", root.Blocks[0].Labels[0])
}
