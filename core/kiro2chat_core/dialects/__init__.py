"""Client protocols as pure codecs: a decoded JSON body becomes an Ask, Events become bytes."""
