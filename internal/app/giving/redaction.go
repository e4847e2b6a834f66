package giving

import (
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/viewing"
)

func (o *Office) openRedaction() (err error) {
	c := redaction.Config{
		DB: o.d.DB, Gate: o.d.Gate, Recordings: viewing.Over(o.d.Recordings), Looks: o.d.Viewing, Offices: o.d.Accounts, Films: o.d.Derived, Log: o.d.Log,
		Bureau: o.d.Bureau, DepartmentName: o.d.DepartmentName,
	}
	if o.d.Keys != nil {
		c.Origin = o.d.Keys.Origin()
	}
	o.Redaction, err = redaction.New(c)
	return err
}
