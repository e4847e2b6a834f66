package fact

import (
	"fmt"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// FieldCondition says when a field of a form is asked at all: a CEL expression over `values`, the form's fields by id.
type FieldCondition struct{ program cel.Program }

var fieldEnvironment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(cel.ParserRecursionLimit(50), cel.Variable("values", cel.MapType(cel.StringType, cel.DynType)))
})

var compiledFields sync.Map

// CompileField checks a field's condition.
func CompileField(source string) (FieldCondition, error) {
	if c, ok := compiledFields.Load(source); ok {
		return c.(FieldCondition), nil
	}
	env, err := fieldEnvironment()
	if err != nil {
		return FieldCondition{}, fmt.Errorf("fact: %w", err)
	}
	tree, err := check(env, source)
	if err != nil {
		return FieldCondition{}, err
	}
	p, err := env.Program(tree, cel.CostLimit(maxCost))
	if err != nil {
		return FieldCondition{}, fmt.Errorf("%w: %w", ErrCondition, err)
	}
	c := FieldCondition{p}
	compiledFields.Store(source, c)
	return c, nil
}

// Holds reports whether the field is asked. What hangs on a field that is not filled yet does not hold.
func (c FieldCondition) Holds(values map[string]any) bool {
	out, _, err := c.program.Eval(map[string]any{"values": values})
	return err == nil && out == types.True
}
