package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"zhilu.dev/zhilu/internal/fault"
)

const prefix = "ZHILU_"

// foreign variables begin with ZHILU_ but are not settings: they steer the tests of the repository.
var foreign = []string{"ZHILU_TEST_", "ZHILU_REQUIRE_", "ZHILU_MEDIA"}

// variable is the name of a setting in the environment: "public-url" is ZHILU_PUBLIC_URL.
func variable(flag string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// Resolver gives kong the settings that are not on the command line: from ZHILU_ variables, else from the JSON file
// that --config or ZHILU_CONFIG names. It knows the flags of every command of the program, so one environment and one
// file serve them all, and refuses every other name. It reads the file once; use a new one for each parse.
type Resolver struct {
	environ map[string]string
	file    map[string]string
	path    string
	read    bool
}

// NewResolver reads from an environment, as of os.Environ.
func NewResolver(environ []string) *Resolver {
	r := &Resolver{environ: map[string]string{}}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, prefix) && !slices.ContainsFunc(foreign, func(f string) bool { return strings.HasPrefix(name, f) }) {
			r.environ[name] = value
		}
	}
	return r
}

// Resolve is called by kong for every flag of the chosen command that the command line does not give. A variable
// that is set but empty counts as not set.
func (r *Resolver) Resolve(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if err := r.readFile(ctx); err != nil {
		return nil, err
	}
	if !settable(flag) {
		return nil, nil // kong's way to say "not here"
	}
	if value := r.environ[variable(flag.Name)]; value != "" {
		return value, probe(flag, value, variable(flag.Name))
	}
	if value, ok := r.file[flag.Name]; ok {
		return value, probe(flag, value, r.path+": "+flag.Name)
	}
	return nil, nil // kong's way to say "not here"
}

// probe tries the value before kong takes it, so that the fault can name the place where the value was written.
func probe(flag *kong.Flag, value, origin string) error {
	target := reflect.New(flag.Target.Type()).Elem()
	scan := kong.Scan().PushTyped(value, kong.FlagValueToken)
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, target); err != nil {
		return fault.Wrap(err, fault.Invalid, "config.wrong_value", origin).At(flag.Name)
	}
	if flag.Enum != "" && !slices.Contains(strings.Split(flag.Enum, ","), value) {
		return fault.New(fault.Invalid, "config.not_one_of", origin, flag.Enum).At(flag.Name)
	}
	return nil
}

// Validate is called by kong when all flags have their values. It refuses names that no command knows.
func (r *Resolver) Validate(app *kong.Application) error {
	var flags []string
	collect(app.Node, &flags)
	variables := make([]string, len(flags))
	for i, f := range flags {
		variables[i] = variable(f)
	}
	for _, name := range sortedKeys(r.environ) {
		if !slices.Contains(variables, name) {
			return unknown(name, name, variables)
		}
	}
	for _, name := range sortedKeys(r.file) {
		if name == "config" || !slices.Contains(flags, name) {
			return unknown(name, r.path+": "+name, flags)
		}
	}
	return nil
}

// settable leaves out what makes sense only on a command line.
func settable(flag *kong.Flag) bool { return flag.Name != "help" && flag.Name != "version" }

func collect(node *kong.Node, names *[]string) {
	for _, flag := range node.Flags {
		if settable(flag) && !slices.Contains(*names, flag.Name) {
			*names = append(*names, flag.Name)
		}
	}
	for _, child := range node.Children {
		collect(child, names)
	}
}

func unknown(name, origin string, known []string) error {
	if near := nearest(name, known); near != "" {
		return fault.New(fault.Invalid, "config.unknown_near", origin, near).At(name)
	}
	return fault.New(fault.Invalid, "config.unknown", origin).At(name)
}

// readFile finds the file's name on the command line or in the environment and reads it, once.
func (r *Resolver) readFile(ctx *kong.Context) error {
	if r.read {
		return nil
	}
	r.read = true
	r.path = r.environ[variable("config")]
	for _, p := range ctx.Path {
		if p.Flag != nil && p.Flag.Name == "config" {
			r.path = fmt.Sprint(ctx.FlagValue(p.Flag))
		}
	}
	if r.path == "" {
		return nil
	}
	f, err := os.Open(r.path)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "config.file_unreadable", r.path).At("config")
	}
	defer f.Close()
	r.file, err = parseFile(f)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "config.file_wrong", r.path, err.Error()).At("config")
	}
	return nil
}

// maxFile is far above any honest file of settings.
const maxFile = 1 << 20

// parseFile reads one JSON object whose keys are flag names and whose values are strings, numbers or booleans. A key
// that stands twice is refused: which of the two was meant cannot be known.
func parseFile(in io.Reader) (map[string]string, error) {
	dec := json.NewDecoder(io.LimitReader(in, maxFile))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.Join(errors.New("it must be one JSON object"), err)
	}
	values := map[string]string{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string) // inside an object the decoder gives nothing else
		if _, twice := values[name]; twice {
			return nil, fmt.Errorf("%q is written twice", name)
		}
		value, err := dec.Token()
		if err != nil {
			return nil, err
		}
		switch v := value.(type) {
		case string:
			values[name] = v
		case json.Number:
			values[name] = v.String()
		case bool:
			values[name] = strconv.FormatBool(v)
		default:
			return nil, fmt.Errorf("%q must be a string, a number, true or false", name)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return values, nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
