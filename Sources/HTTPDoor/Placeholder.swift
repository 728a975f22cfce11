import Hummingbird
import Wire
