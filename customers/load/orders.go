package load

import (
	"strconv"

	"stagecoach/customers"
)

// order gives the value of a field that sums up orders as it is kept: a number, or a
// day. Other fields are kept as they are.
func (c *checker) order(name, text string) (string, error) {
	switch name {
	case customers.AttributeOrders, customers.AttributeRevenue:
		v, err := number(text, c.dotGroups)
		if err != nil {
			return "", err
		}
		text = strconv.FormatFloat(v, 'f', -1, 64)
	case customers.AttributeFirstOrder, customers.AttributeLastOrder:
		return date(text, c.now)
	}
	return text, customers.CheckOrder(name, text)
}
