// SPDX-License-Identifier: Apache-2.0

// Command kube reads a file of `daprcerts kube-export` as Kubernetes does, into its own types and strictly, and says what
// is in it.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "k8s.io/api/core/v1"
	kubeyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type kind struct {
	Kind string `json:"kind"`
}

// The objects of a file: its documents, or the items of a List.
func objects(text []byte) ([][]byte, error) {
	var found [][]byte
	reader := kubeyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		var is kind
		if err := yaml.Unmarshal(document, &is); err != nil {
			return nil, err
		}
		if is.Kind != "List" {
			found = append(found, document)
			continue
		}
		var list v1.List
		if err := yaml.UnmarshalStrict(document, &list); err != nil {
			return nil, err
		}
		for _, item := range list.Items {
			found = append(found, item.Raw)
		}
	}
}

func run(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	found, err := objects(text)
	if err != nil {
		return err
	}
	if len(found) != 2 {
		return fmt.Errorf("%d objects", len(found))
	}
	var secret v1.Secret
	var configMap v1.ConfigMap
	if err := yaml.UnmarshalStrict(found[0], &secret); err != nil {
		return err
	}
	if err := yaml.UnmarshalStrict(found[1], &configMap); err != nil {
		return err
	}
	if secret.Namespace != configMap.Namespace || secret.Name != configMap.Name {
		return errors.New("not the same name")
	}
	same := "other"
	if len(secret.Data["ca.crt"]) > 0 && string(secret.Data["ca.crt"]) == configMap.Data["ca.crt"] {
		same = "same"
	}
	fmt.Printf("%s %s: ca.crt %s\n", secret.Kind, configMap.Kind, same)
	return nil
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
