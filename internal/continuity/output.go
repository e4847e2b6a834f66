package continuity

import (
	"time"
)

// Output is a judgement as it is written into a file (docs/formats/continuity-json.md).
type Output struct {
	Verdict Verdict     `json:"verdict"`
	All     []Verdict   `json:"all"`
	Gaps    []GapOutput `json:"gaps"`
	Joins   []GapOutput `json:"joins"` // that are tolerated
	Doubts  []Doubt     `json:"doubts"`
	Digest  string      `json:"inputs_digest"`
}

// GapOutput is a gap in it. LengthS is the most it can be; LeastS the least.
type GapOutput struct {
	Start     string  `json:"start"`
	End       string  `json:"end"`
	LengthS   float64 `json:"length_s"`
	LeastS    float64 `json:"least_s"`
	Certain   bool    `json:"certain"`
	Explained bool    `json:"explained"`
	Owes      []Owed  `json:"owes"`
	Where     Verdict `json:"where,omitempty"`
	Doubt     Doubt   `json:"doubt,omitempty"`
}

// OutputOf writes a judgement of inputs; times are told in the zone of the window.
func OutputOf(in Inputs, j Judgement) Output {
	zone := time.UTC
	if !in.Arrived.IsZero() {
		zone = in.Arrived.Location()
	}
	r := Output{Verdict: j.Verdict, All: j.All, Gaps: gapOutputs(j.Gaps, zone), Joins: gapOutputs(j.Joins, zone), Doubts: j.Doubts, Digest: in.Digest()}
	if r.Doubts == nil {
		r.Doubts = []Doubt{}
	}
	return r
}

func gapOutputs(list []Gap, zone *time.Location) []GapOutput {
	out := make([]GapOutput, 0, len(list))
	for _, g := range list {
		x := GapOutput{
			Start: g.Start.In(zone).Format(time.RFC3339Nano), End: g.End.In(zone).Format(time.RFC3339Nano), LengthS: g.Length.Seconds(), LeastS: g.Least.Seconds(),
			Certain: g.Certain, Explained: g.Explained, Owes: g.Owes, Where: g.Where, Doubt: g.Doubt,
		}
		if x.Owes == nil {
			x.Owes = []Owed{}
		}
		out = append(out, x)
	}
	return out
}
