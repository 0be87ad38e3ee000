// Asks OpenSLO's own SDK: each line of stdin is a JSON string with a YAML stream; each line of stdout is a JSON string,
// empty where the SDK takes the stream, else what it says against it.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"

	"github.com/OpenSLO/go-sdk/pkg/openslosdk"
)

func verdict(stream string) string {
	objects, err := openslosdk.Decode(strings.NewReader(stream), openslosdk.FormatYAML)
	if err == nil {
		err = openslosdk.Validate(objects...)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var stream string
		if err := json.Unmarshal(line, &stream); err != nil {
			panic(err)
		}
		if err := answers.Encode(verdict(stream)); err != nil {
			panic(err)
		}
	}
}
