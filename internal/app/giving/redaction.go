package giving

import (
	"zhilu.dev/zhilu/internal/redaction"
	"zhilu.dev/zhilu/internal/viewing"
)

// copies makes the service of masked copies. At the host's desk there are no recordings and no looks: there copies are only read.
func (d Deps) copies() (*redaction.Service, error) {
	c := redaction.Config{
		DB: d.DB, Gate: d.Gate, Clock: d.Clock, Recordings: viewing.Over(d.Recordings), Looks: d.Viewing, Offices: d.Accounts, Films: d.Derived, Log: d.Log,
		Bureau: d.Bureau, DepartmentName: d.DepartmentName,
	}
	if d.Keys != nil {
		c.Origin = d.Keys.Origin()
	}
	return redaction.New(c)
}

func (o *Office) openRedaction() (err error) {
	o.Redaction, err = o.d.copies()
	return err
}
